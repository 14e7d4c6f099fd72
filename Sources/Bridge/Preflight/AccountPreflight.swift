import AWSClient
import AWSCore
import Encoding
import JSON
import Processing
import SecurityFindings
import Store

/// Checks the role, services and permissions in one account and Region.
struct AccountPreflight: Sendable {
    let accountRegion: AccountRegion
    let client: AWSClient
    /// Whether the account is not that of the credentials, and no role is configured for it.
    let lacksRole: Bool
    let configuration: BridgeConfiguration
    /// Whether it is an account-Region of `sns.topics`; if not, only mapped sources have findings in it.
    let usesDeviceDefender: Bool
    let report: @Sendable (PreflightCheck) -> Void

    /// An id that no audit and no finding has.
    private static let nonexistentID = "00000000000000000000000000000000"

    func run() async {
        guard await checkIdentity() else { return }
        guard await checkHub() else { return }
        await checkImport()
        await permission("securityhub:GetFindings") { () async throws(AWSError) in
            let id: JSON = ["Id": [["Value": .string(Self.nonexistentID), "Comparison": "EQUALS"]]]
            _ = try await client.getFindings(filters: id, region: accountRegion.region)
        }
        await permission("securityhub:BatchUpdateFindings") { () async throws(AWSError) in
            let finding = FindingIdentifier(
                id: Self.nonexistentID, productARN: SecurityFinding.productARN(accountRegion: accountRegion))
            _ = try await client.batchUpdateFindings(
                [finding], changes: ["VerificationState": "UNKNOWN"], region: accountRegion.region)
        }
        if configuration.catchUpInterval != nil, !configuration.processing.alarmSources(of: accountRegion).isEmpty {
            await checkAlarms()
        }
        await checkSecurityHubV2()
        guard usesDeviceDefender else { return }
        await checkNativeIntegration()
        await checkDeviceDefender()
        await checkRule()
        await checkTrail()
    }

    func check(_ name: String, _ outcome: PreflightCheck.Outcome, _ detail: String, remediation: String = "") {
        report(PreflightCheck(name, accountRegion.description, outcome, detail, remediation: remediation))
    }

    // MARK: Role and Security Hub

    private func checkIdentity() async -> Bool {
        do throws(AWSError) {
            let caller = try await client.getCallerIdentity(region: accountRegion.region)
            guard caller.account == accountRegion.account else {
                check(
                    "role", .failed, "credentials belong to another account: \(caller.arn)",
                    remediation: "add a role of account \(accountRegion.account) to aws.roles, or set aws.roleName")
                return false
            }
            check("role", .passed, "signing as \(caller.arn)")
            return true
        } catch {
            check(
                "role", .failed, error.description,
                remediation: lacksRole
                    ? "add a role of account \(accountRegion.account) to aws.roles, or set aws.roleName"
                    : "allow the bridge's identity in the role's trust policy, and allow sts:AssumeRole for the identity"
            )
            return false
        }
    }

    private func checkHub() async -> Bool {
        do throws(AWSError) {
            try await client.describeHub(region: accountRegion.region)
            check("Security Hub", .passed, "AWS Security Hub CSPM is enabled")
        } catch {
            switch error.kind {
            case .notEnabled, .notFound:
                check(
                    "Security Hub", .failed, error.description,
                    remediation:
                        "enable AWS Security Hub CSPM in account \(accountRegion.account), Region \(accountRegion.region)"
                )
                return false
            case .accessDenied:
                check(
                    "Security Hub", .skipped, error.description,
                    remediation: "to check this, allow securityhub:DescribeHub")
            default: check("Security Hub", .skipped, error.description)
            }
        }
        return true
    }

    // MARK: Permissions

    /// Imports a finding without resources, which Security Hub rejects, so that nothing is stored.
    ///
    /// Without the permission, Security Hub denies access before it validates the finding.
    private func checkImport() async {
        let name = "permission securityhub:BatchImportFindings"
        let finding: JSON = [
            "SchemaVersion": "2018-10-08", "Id": "defender-bridge/check", "GeneratorId": "defender-bridge/check",
            "ProductArn": .string(SecurityFinding.productARN(accountRegion: accountRegion)),
            "AwsAccountId": .string(accountRegion.account.digits), "Title": "Defender Bridge permission check",
            "Description": "Test finding without resources, which Security Hub rejects.", "Types": [], "Resources": [],
            "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z", "RecordState": "ARCHIVED",
        ]
        guard let text = FindingText(finding), let batch = FindingBatches([text]).batches.first else { return }
        do throws(AWSError) {
            let result = try await client.batchImportFindings(batch, region: accountRegion.region)
            check(
                name, .passed,
                result.failures.isEmpty
                    ? "allowed (Security Hub accepted the archived test finding defender-bridge/check, which can be ignored)"
                    : "allowed (Security Hub rejected a test finding without resources; nothing was stored)")
        } catch {
            reportPermission(name, error, action: "securityhub:BatchImportFindings")
        }
    }

    private func permission(_ action: String, _ call: () async throws(AWSError) -> Void) async {
        let name = "permission \(action)"
        do throws(AWSError) {
            try await call()
            check(name, .passed, "allowed")
        } catch {
            reportPermission(name, error, action: action)
        }
    }

    /// Reports what a failed call shows about its permission: a request that is not found or invalid was allowed.
    private func reportPermission(_ name: String, _ error: AWSError, action: String) {
        switch error.kind {
        case .invalid, .notFound: check(name, .passed, "allowed")
        case .accessDenied, .expiredCredentials, .noCredentials:
            check(name, .failed, error.description, remediation: "allow \(action) in the role's policy")
        case .notEnabled:
            check(
                name, .failed, error.description,
                remediation:
                    "enable AWS Security Hub CSPM in account \(accountRegion.account), Region \(accountRegion.region)")
        case .throttled, .transient, .canceled, .other:
            check(name, .skipped, error.description, remediation: "run the check again")
        }
    }

    private func checkDeviceDefender() async {
        let region = accountRegion.region
        await permission("iot:DescribeAuditTask") { () async throws(AWSError) in
            _ = try await client.describeAuditTask(id: Self.nonexistentID, region: region)
        }
        await permission("iot:ListAuditFindings") { () async throws(AWSError) in
            _ = try await client.listAuditFindings(taskID: Self.nonexistentID, region: region)
        }
        await permission("iot:ListAuditSuppressions") { () async throws(AWSError) in
            _ = try await client.listAuditSuppressions(region: region)
        }
        if configuration.userDefinedFields.readsThings {
            await permission("iot:DescribeThing") { () async throws(AWSError) in
                _ = try await client.thingAttributes(of: Self.nonexistentID, region: region)
            }
        }
        guard configuration.catchUpInterval != nil else { return }
        let now = WallClock.now()
        let times = (now - .seconds(60))...now
        await permission("iot:ListAuditTasks") { () async throws(AWSError) in
            try await Self.first(of: client.auditTasks(in: times, region: region))
        }
        await permission("iot:ListViolationEvents") { () async throws(AWSError) in
            try await Self.first(of: client.violationEvents(in: times, region: region))
        }
        await permission("iot:ListActiveViolations") { () async throws(AWSError) in
            try await Self.first(of: client.activeViolations(region: region))
        }
    }

    private func checkAlarms() async {
        let region = accountRegion.region
        await permission("cloudwatch:DescribeAlarms") { () async throws(AWSError) in
            try await Self.first(of: client.cloudWatchAlarms(prefix: Self.nonexistentID, region: region))
        }
        await permission("cloudwatch:DescribeAlarmContributors") { () async throws(AWSError) in
            try await Self.first(of: client.cloudWatchAlarmContributors(of: Self.nonexistentID, region: region))
        }
    }

    private static func first(of pages: PaginatorSequence<JSON>) async throws(AWSError) {
        var iterator = pages.makeAsyncIterator()
        _ = try await iterator.next()
    }

    // MARK: EventBridge

    private func checkRule() async {
        guard configuration.acceptsEventBridge else {
            check("EventBridge rule", .skipped, "eventBridge.* is not configured")
            return
        }
        do throws(AWSError) {
            if let name = try await rule() {
                check("EventBridge rule", .passed, "rule \(name) sends aws.iot events to an API destination")
            } else {
                check(
                    "EventBridge rule", .failed, "no enabled rule sends aws.iot events to an API destination",
                    remediation: "create a rule as the README describes, or remove eventBridge.* from the configuration"
                )
            }
        } catch {
            check(
                "EventBridge rule", .skipped, error.description,
                remediation: "to check this, allow events:ListRules and events:ListTargetsByRule")
        }
    }

    /// EventBridge receives API calls from CloudTrail, and only while a trail records them (Amazon EventBridge User Guide,
    /// "AWS service events delivered via AWS CloudTrail").
    private func checkTrail() async {
        guard configuration.acceptsEventBridge else { return }
        do throws(AWSError) {
            for trail in try await client.trails(region: accountRegion.region)
            where trail.isMultiRegion || trail.homeRegion == accountRegion.region.name {
                if try await client.isLogging(trail, region: accountRegion.region) {
                    check("CloudTrail", .passed, "\(trail.arn) is logging")
                    return
                }
            }
            check(
                "CloudTrail", .failed, "no trail is logging, so EventBridge receives no API calls",
                remediation:
                    "create a trail for management events, or start one: aws cloudtrail start-logging --name NAME")
        } catch {
            check(
                "CloudTrail", .skipped, error.description,
                remediation: "to check this, allow cloudtrail:DescribeTrails and cloudtrail:GetTrailStatus")
        }
    }

    /// Finds the first enabled rule of the default event bus for AWS IoT with an API destination as target.
    private func rule() async throws(AWSError) -> String? {
        for try await page in client.rules(region: accountRegion.region) {
            for rule in page.elements {
                guard let name = rule["Name"]?.string, rule["State"]?.string != "DISABLED",
                    rule["EventPattern"]?.string?.contains("\"aws.iot\"") == true
                else { continue }
                for try await targets in client.targets(ofRule: name, region: accountRegion.region)
                where targets.elements.contains(where: { $0["Arn"]?.string?.contains(":api-destination/") == true }) {
                    return name
                }
            }
        }
        return nil
    }
}

import AWSCore
import ArgumentParser
import Foundation
import JSON
import LocalAWS

/// A simulated fleet that is audited repeatedly with the same result.
struct AuditedFleet {
    /// One run of the audit.
    struct Audit {
        let task: FleetAuditTask
        let findings: [FleetAuditFinding]
    }

    let aws: LocalAWS
    let topic: ARN
    private let scenario: FleetScenario

    /// Throws for an invalid number of findings.
    static func check(findings: Int) throws {
        guard (24...1_000_000).contains(findings) else {
            throw ValidationError("--findings must be a number from 24 to 1000000.")
        }
    }

    init(aws: LocalAWS, findings: Int) throws {
        guard let region = Region("us-east-1") else { throw BenchmarkError(description: "us-east-1 is no Region") }
        let accountRegion = AccountRegion(account: aws.credentials.account, region: region)
        let yesterday = Int64(Date().timeIntervalSince1970 * 1000) - 86_400_000
        self.aws = aws
        topic = ARN(service: "sns", accountRegion: accountRegion, resource: "device-defender-audit")
        scenario = FleetScenario(accountRegion: accountRegion, findings: findings, startTime: yesterday)
    }

    /// A run of the audit with the first findings of the fleet.
    ///
    /// - Parameters:
    ///   - number: hours after the first run.
    ///   - reason: why the resources fail; nil for the default reasons.
    func audit(number: Int, findings count: Int, reason: String? = nil) -> Audit {
        let delay = Int64(number) * 3_600_000
        var task = scenario.auditTask
        task.id += "-\(number)"
        task.startTime += delay
        let findings = scenario.auditFindings.prefix(count).map { finding in
            var finding = finding
            finding.id += "-\(number)"
            finding.taskID = task.id
            finding.taskStartTime = task.startTime
            finding.time += delay
            finding.reason = reason ?? finding.reason
            return finding
        }
        return Audit(task: task, findings: findings)
    }

    func subscribe(_ bridge: ServedBridge) async throws {
        _ = try await aws.subscribe(topic: topic, endpoint: bridge.endpoint, signatureVersion: .two)
        guard aws.isConfirmed(topic: topic, endpoint: bridge.endpoint) else {
            throw BenchmarkError(description: "the bridge did not confirm the subscription")
        }
    }

    /// Adds an audit to the stand-in for Device Defender.
    func add(_ audit: Audit) { aws.add(audit.task, findings: audit.findings, in: scenario.accountRegion) }

    /// Publishes the notification of a finished audit.
    func publish(_ audit: Audit) async throws {
        let message = audit.task.notification(account: scenario.accountRegion.account).serialized()
        let reports = try await aws.publish(
            topic: topic, message: String(decoding: message, as: UTF8.self), signatureVersion: .two)
        guard reports.count == 1, reports.allSatisfy({ $0.outcome == .delivered }) else {
            throw BenchmarkError(description: "the bridge did not accept the audit notification")
        }
    }

    /// The number of findings that are missing in Security Hub.
    func missing(of count: Int) -> Int {
        let findings = aws.findings(in: scenario.accountRegion).count {
            $0["ProductFields"]?["ReportType"] == "AuditFinding"
        }
        return max(0, count - findings)
    }

    /// The number of audit findings without a reason.
    func unchanged(by reason: String) -> Int {
        aws.findings(in: scenario.accountRegion).count {
            $0["ProductFields"]?["ReportType"] == "AuditFinding"
                && $0["Description"]?.string?.hasSuffix(reason) != true
        }
    }
}

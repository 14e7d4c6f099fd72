import AWSCore
import Cryptography
import JSON

/// A check with its reason codes.
struct ScenarioCheck {
    let name: String
    let severity: String
    /// The type of its resources.
    let kind: ScenarioResource
    let reasons: [String]

    /// The checks of the AWS IoT Device Defender Developer Guide, "Audit checks".
    static let all = [
        ScenarioCheck(
            name: "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK", severity: "CRITICAL", kind: .caCertificate,
            reasons: ["CERTIFICATE_REVOKED_BY_ISSUER"]),
        ScenarioCheck(
            name: "INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK", severity: "CRITICAL",
            kind: .issuerCertificate, reasons: ["INTERMEDIATE_CA_REVOKED_BY_ISSUER"]),
        ScenarioCheck(
            name: "DEVICE_CERTIFICATE_SHARED_CHECK", severity: "CRITICAL", kind: .deviceCertificate,
            reasons: ["CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES"]),
        ScenarioCheck(
            name: "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", severity: "CRITICAL", kind: .deviceCertificate,
            reasons: ["CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361", "CERTIFICATE_KEY_VULNERABILITY_CVE-2008-0166"]),
        ScenarioCheck(
            name: "CA_CERTIFICATE_KEY_QUALITY_CHECK", severity: "CRITICAL", kind: .caCertificate,
            reasons: ["CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361"]),
        ScenarioCheck(
            name: "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", severity: "CRITICAL", kind: .identityPool,
            reasons: ["ALLOWS_ACCESS_TO_IOT_ADMIN_ACTIONS", "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS"]),
        ScenarioCheck(
            name: "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", severity: "CRITICAL", kind: .identityPool,
            reasons: [
                "ALLOWS_BROAD_ACCESS_TO_IOT_THING_ADMIN_READ_ACTIONS", "ALLOWS_ACCESS_TO_IOT_NON_THING_ADMIN_ACTIONS",
            ]),
        ScenarioCheck(
            name: "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", severity: "CRITICAL", kind: .policy,
            reasons: ["ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS", "ALLOWS_ACCESS_TO_IOT_NON_THING_ADMIN_ACTIONS"]),
        ScenarioCheck(
            name: "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK", severity: "CRITICAL", kind: .roleAlias,
            reasons: ["ALLOWS_BROAD_ACCESS_TO_USED_SERVICES", "ALLOWS_ACCESS_TO_SECURITY_AUDITING_SERVICES"]),
        ScenarioCheck(
            name: "CONFLICTING_CLIENT_IDS_CHECK", severity: "HIGH", kind: .clientID,
            reasons: ["DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS"]),
        ScenarioCheck(
            name: "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK", severity: "MEDIUM", kind: .policy,
            reasons: [
                "POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT",
                "TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS",
            ]),
        ScenarioCheck(
            name: "IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK", severity: "MEDIUM", kind: .role,
            reasons: ["ALLOWS_ACCESS_TO_UNUSED_SERVICES"]),
        ScenarioCheck(
            name: "CA_CERTIFICATE_EXPIRING_CHECK", severity: "MEDIUM", kind: .expiringCACertificate,
            reasons: ["CERTIFICATE_APPROACHING_EXPIRATION"]),
        ScenarioCheck(
            name: "DEVICE_CERTIFICATE_EXPIRING_CHECK", severity: "MEDIUM", kind: .expiringDeviceCertificate,
            reasons: ["CERTIFICATE_PAST_EXPIRATION"]),
        ScenarioCheck(
            name: "REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK", severity: "MEDIUM", kind: .deviceCertificate,
            reasons: ["CERTIFICATE_REVOKED_BY_ISSUER"]),
        ScenarioCheck(
            name: "LOGGING_DISABLED_CHECK", severity: "LOW", kind: .account, reasons: ["LOGGING_DISABLED"]),
        ScenarioCheck(
            name: "DEVICE_CERTIFICATE_AGE_CHECK", severity: "LOW", kind: .deviceCertificateWithARN,
            reasons: ["CERTIFICATE_PAST_AGE_THRESHOLD"]),
    ]
}

/// The audit of a scenario.
struct ScenarioAudit {
    let accountRegion: AccountRegion
    let startTime: Int64

    private static let name = "DailyAudit"

    /// The audit's ID is derived from its time, account and Region.
    private var taskID: String {
        Digest.hexadecimal(Array(Digest.sha256(Array("task \(accountRegion) \(startTime)".utf8)).prefix(16)))
    }

    /// Findings of the checks in turn; for checks with several reason codes, one resource has two findings in a row.
    func findings(count: Int) -> [FleetAuditFinding] {
        var findings: [FleetAuditFinding] = []
        findings.reserveCapacity(count)
        var round = 0
        while findings.count < count {
            for check in ScenarioCheck.all where check.kind != .account || round == 0 {
                for reason in check.reasons where findings.count < count {
                    findings.append(finding(number: findings.count, check: check, reason: reason, resource: round))
                }
            }
            round += 1
        }
        return findings
    }

    private func finding(number: Int, check: ScenarioCheck, reason: String, resource: Int) -> FleetAuditFinding {
        let words = reason.split(separator: "_").joined(separator: " ").lowercased()
        let name = "\(check.name) \(resource)"
        let digits = Digest.hexadecimal(Array(Digest.sha256(Array("\(taskID) \(name) \(reason)".utf8)).prefix(16)))
        return FleetAuditFinding(
            id: digits, taskID: taskID, taskStartTime: startTime, time: startTime + 60_000 + Int64(number),
            checkName: check.name, severity: check.severity,
            resource: check.kind.resource(named: name, number: resource, accountRegion: accountRegion, time: startTime),
            relatedResources: check.kind.related(named: name, number: resource, accountRegion: accountRegion),
            reason: words.prefix(1).uppercased() + words.dropFirst() + ".", reasonCode: reason,
            isSuppressed: number % 11 == 8)
    }

    /// The audit with these findings.
    func task(findings: [FleetAuditFinding]) -> FleetAuditTask {
        let byCheck = Dictionary(grouping: findings, by: \.checkName)
        return FleetAuditTask(
            id: taskID, startTime: startTime, scheduledAuditName: Self.name,
            checks: ScenarioCheck.all.map { check in
                let resources = byCheck[check.name] ?? []
                let suppressed = Set(resources.filter(\.isSuppressed).map(\.resource.identifier))
                let open = Set(resources.filter { !$0.isSuppressed }.map(\.resource.identifier))
                return FleetAuditTask.Check(
                    name: check.name, totalResources: open.union(suppressed).count + 100,
                    nonCompliantResources: open.count, suppressedResources: suppressed.subtracting(open).count)
            })
    }
}

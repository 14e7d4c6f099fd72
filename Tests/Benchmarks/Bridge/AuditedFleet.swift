import AWSCore
import ArgumentParser
import Foundation
import LocalAWS

/// A simulated fleet of one account that is audited repeatedly with the same result.
struct AuditedFleet: Sendable {
    /// The topic of the audits.
    let topic: ARN
    private let scenario: FleetScenario

    /// Throws for an invalid number of findings.
    static func check(findings: Int) throws {
        guard (24...1_000_000).contains(findings) else {
            throw ValidationError("--findings must be a number from 24 to 1000000.")
        }
    }

    /// A fleet of the account of the bridge's own credentials.
    ///
    /// - Parameter findings: the number of findings that all audits have together, at most.
    init(findings: Int) {
        let accountRegion = AccountRegion(account: PreparedAWS.account, region: PreparedAWS.region)
        let yesterday = Int64(Date().timeIntervalSince1970 * 1000) - 86_400_000
        topic = Self.topic(of: accountRegion)
        scenario = FleetScenario(accountRegion: accountRegion, findings: findings, startTime: yesterday)
    }

    private static func topic(of accountRegion: AccountRegion) -> ARN {
        ARN(service: "sns", accountRegion: accountRegion, resource: "device-defender-audit")
    }

    /// Topics of other accounts whose fleets are equal to this one.
    func topics(accounts count: Int) -> [ARN] {
        (0..<count).compactMap { AccountID("\(222_200_000_000 + $0)") }
            .map { Self.topic(of: AccountRegion(account: $0, region: PreparedAWS.region)) }
    }

    /// The first findings of the fleet.
    ///
    /// - Parameter reason: why the resources fail; nil for the default reasons.
    func findings(_ count: Int, reason: String? = nil) -> PreparedFindings {
        PreparedFindings(
            scenario.auditFindings.prefix(count).lazy.map { finding in
                var finding = finding
                finding.reason = reason ?? finding.reason
                return finding
            })
    }

    /// A run of the audit.
    ///
    /// - Parameters:
    ///   - number: hours after the first run.
    ///   - topic: the topic of the audited account; nil for this fleet's.
    func audit(number: Int, _ findings: PreparedFindings, topic: ARN? = nil) -> PreparedAudit {
        var task = scenario.auditTask
        task.id = "\((topic ?? self.topic).accountRegion.account)-\(number)"
        task.startTime += Int64(number) * 3_600_000
        return PreparedAudit(task, findings)
    }
}

package import AWSCore
import DeviceDefender
import Encoding

/// URLs of pages in the AWS Management Console.
package enum ConsolePage {
    /// The Security Hub page that lists one finding; its filter is in the fragment, encoded twice.
    package static func finding(id: String, accountRegion: AccountRegion) -> String {
        findings([("Id", id)], accountRegion)
    }

    /// The Security Hub page that lists the bridge's active findings of a severity.
    package static func openFindings(severity: String, accountRegion: AccountRegion) -> String {
        let product = SecurityFinding.productARN(accountRegion: accountRegion)
        return findings(
            [("ProductArn", product), ("RecordState", "ACTIVE"), ("SeverityLabel", severity)], accountRegion)
    }

    private static func findings(_ filters: [(name: String, value: String)], _ accountRegion: AccountRegion) -> String {
        let search = filters.map { $0.name + "=" + PercentEncoding.encode("\\operator\\:EQUALS\\:\($0.value)") }
            .joined(separator: "&")
        return "https://\(accountRegion.partition.consoleHost)/securityhub/home?region=\(accountRegion.region)"
            + "#/findings?search=\(PercentEncoding.encode(search))"
    }

    /// The AWS IoT page with the results of one audit check.
    static func auditResult(taskID: String, check: AuditCheck, accountRegion: AccountRegion) -> String {
        page("/dd/audit/results/\(PercentEncoding.encode(taskID))/\(PercentEncoding.encode(check.name))", accountRegion)
    }

    /// The AWS IoT page with a security profile's violations.
    static func violations(securityProfile name: String, accountRegion: AccountRegion) -> String {
        page("/dd/securityProfile/\(PercentEncoding.encode(name))?tab=violations", accountRegion)
    }

    /// The AWS IoT page with all violations, where alarms are verified and mitigated.
    static func violations(accountRegion: AccountRegion) -> String { page("/dd/violationhub", accountRegion) }

    private static func page(_ fragment: String, _ accountRegion: AccountRegion) -> String {
        "https://\(accountRegion.partition.consoleHost)/iot/home?region=\(accountRegion.region)#\(fragment)"
    }
}

public import AWSCore
import DeviceDefender

/// URLs of pages in the AWS Management Console.
public enum ConsolePage {
    /// The Security Hub page that lists one finding; its filter is in the fragment, encoded twice.
    public static func finding(id: String, accountRegion: AccountRegion) -> String {
        let filter = "Id=" + encoded("\\operator\\:EQUALS\\:\(id)")
        return "https://\(accountRegion.partition.consoleHost)/securityhub/home?region=\(accountRegion.region)"
            + "#/findings?search=\(encoded(filter))"
    }

    /// The AWS IoT page with the results of one audit check.
    static func auditResult(taskID: String, check: AuditCheck, accountRegion: AccountRegion) -> String {
        page("/dd/audit/results/\(encoded(taskID))/\(encoded(check.name))", accountRegion)
    }

    /// The AWS IoT page with a security profile's violations.
    static func violations(securityProfile name: String, accountRegion: AccountRegion) -> String {
        page("/dd/securityProfile/\(encoded(name))?tab=violations", accountRegion)
    }

    /// The AWS IoT page with all violations, where alarms are verified and mitigated.
    static func violations(accountRegion: AccountRegion) -> String { page("/dd/violationhub", accountRegion) }

    private static func page(_ fragment: String, _ accountRegion: AccountRegion) -> String {
        "https://\(accountRegion.partition.consoleHost)/iot/home?region=\(accountRegion.region)#\(fragment)"
    }

    private static func encoded(_ text: String) -> String {
        FindingText.percentEncoded(text) { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
    }
}

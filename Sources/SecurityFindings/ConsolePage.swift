public import AWSCore
import DeviceDefender

/// Addresses of pages of AWS's console: of AWS IoT's and, of a finding, of Security Hub's.
public enum ConsolePage {
    /// A finding in the list of Security Hub, which has the filter by which it is found in the fragment, encoded twice.
    public static func finding(id: String, origin: Origin) -> String {
        let filter = "Id=" + encoded("\\operator\\:EQUALS\\:\(id)")
        return "https://\(origin.partition.consoleHost)/securityhub/home?region=\(origin.region)"
            + "#/findings?search=\(encoded(filter))"
    }

    /// What one check of an audit found.
    static func auditResult(taskID: String, check: AuditCheck, origin: Origin) -> String {
        page("/dd/audit/results/\(encoded(taskID))/\(encoded(check.name))", origin)
    }

    /// The violations of a security profile.
    static func violations(securityProfile name: String, origin: Origin) -> String {
        page("/dd/securityProfile/\(encoded(name))?tab=violations", origin)
    }

    /// The violations of all devices, where alarms are judged and mitigated.
    static func violations(origin: Origin) -> String { page("/dd/violationhub", origin) }

    private static func page(_ fragment: String, _ origin: Origin) -> String {
        "https://\(origin.partition.consoleHost)/iot/home?region=\(origin.region)#\(fragment)"
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

public import AWSCore
import Cryptography
public import DeviceDefender

/// The ids of findings: the same for the same problem, however often it is found.
///
/// They are those of AWS's sample "iot-device-defender-integration-with-securityhub", so that a team that moves over
/// keeps its findings. Bytes other than printable ASCII, and the percent sign, are percent-encoded; what is longer than
/// 512 characters is cut and ends with the start of a SHA-256 digest of the whole.
public enum FindingID {
    /// The id of an audit finding.
    ///
    /// - Parameter reasonCode: counts only for checks that can give one resource several.
    public static func audit(
        check: AuditCheck, resource: ResourceIdentifier, reasonCode: String?, accountRegion: AccountRegion
    ) -> String {
        var text = "audits/finding/\(check.name)-\(resource.value)"
        if check.hasSeveralReasonCodes, let reasonCode { text += "/\(reasonCode)" }
        return id(text, accountRegion)
    }

    /// The id of a detect alarm's finding.
    public static func violation(id violationID: String, accountRegion: AccountRegion) -> String {
        id("detect/violation/\(violationID)", accountRegion)
    }

    /// The id of the finding that sums up a check of a scheduled audit, or of audits on demand (nil).
    public static func summary(check: AuditCheck, scheduledAuditName: String?, accountRegion: AccountRegion) -> String {
        id("audits/summary/\(scheduledAuditName ?? "OnDemand")/\(check.name)", accountRegion)
    }

    /// The name of what is suppressed when the findings of a check about a resource are, whatever their reason codes. No
    /// finding has it as its id.
    public static func suppression(check: AuditCheck, resource: ResourceIdentifier, accountRegion: AccountRegion)
        -> String
    {
        id("audits/suppression/\(check.name)-\(resource.subject)", accountRegion)
    }

    /// The same from the id of an audit finding; nil if it is the id of something else.
    ///
    /// - Parameter reasonCode: the finding's reason code, if the id may hold one.
    public static func suppression(ofFinding id: String, reasonCode: String?, accountRegion: AccountRegion) -> String? {
        let prefix = arn("audits/finding/", accountRegion)
        guard id.hasPrefix(prefix) else { return nil }
        var text = String(id.dropFirst(prefix.count))
        if let reasonCode, text.hasSuffix("/\(reasonCode)") { text.removeLast(reasonCode.count + 1) }
        // A certificate that is named by its ARN alone is suppressed by its id, see ``ResourceIdentifier/subject``.
        if let dash = text.firstIndex(of: "-"), let certificate = text.firstRange(of: ":cert/") {
            text.replaceSubrange(text.index(after: dash)..<certificate.upperBound, with: "")
        }
        return cut(arn("audits/suppression/\(text)", accountRegion))
    }

    /// Whether an id is that of an audit finding.
    static func isAudit(_ id: String, accountRegion: AccountRegion) -> Bool {
        id.hasPrefix(arn("audits/", accountRegion))
    }

    private static func arn(_ resource: String, _ accountRegion: AccountRegion) -> String {
        ARN(service: "iot-device-defender", accountRegion: accountRegion, resource: resource).description
    }

    private static func id(_ resource: String, _ accountRegion: AccountRegion) -> String {
        let encoded = FindingText.percentEncoded(resource) { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "%") }
        return cut(arn(encoded, accountRegion))
    }

    /// Cuts a text of more bytes than an id may have characters, so that different texts stay different. A character
    /// outside of ASCII that is cut through becomes U+FFFD.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > FindingLimits.id else { return text }
        let digest = Digest.hexadecimal(Array(Digest.sha256(Array(text.utf8)).prefix(16)))
        return String(decoding: text.utf8.prefix(FindingLimits.id - digest.utf8.count - 1), as: UTF8.self)
            + "-" + digest
    }
}

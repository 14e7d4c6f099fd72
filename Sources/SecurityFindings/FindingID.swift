package import AWSCore
import Cryptography
package import DeviceDefender
import Encoding

/// The IDs of findings: stable for the same problem, however often it is found.
///
/// They match AWS's sample "iot-device-defender-integration-with-securityhub", so that teams that migrate keep their
/// findings. Bytes other than printable ASCII, and the percent sign, are percent-encoded; an ID of more than 512
/// characters is truncated and ends with the start of its SHA-256 digest.
package enum FindingID {
    /// The ID of an audit finding.
    ///
    /// - Parameter reasonCode: used only for checks that can report several for one resource.
    package static func audit(
        check: AuditCheck, resource: ResourceIdentifier, reasonCode: String?, accountRegion: AccountRegion
    ) -> String {
        var text = "audits/finding/\(check.name)-\(resource.value)"
        if check.hasSeveralReasonCodes, let reasonCode { text += "/\(reasonCode)" }
        return id(text, accountRegion)
    }

    /// The ID of a detect alarm's finding.
    package static func violation(id violationID: String, accountRegion: AccountRegion) -> String {
        id("detect/violation/\(violationID)", accountRegion)
    }

    /// The ID of a check's summary finding, for a scheduled audit or for on-demand audits (nil).
    package static func summary(check: AuditCheck, scheduledAuditName: String?, accountRegion: AccountRegion) -> String
    {
        id("audits/summary/\(scheduledAuditName ?? "OnDemand")/\(check.name)", accountRegion)
    }

    /// The ID of a mapped finding: `arn:{partition}:defender-bridge:{region}:{account}:{source}/{part}/{part}…`.
    ///
    /// In a part, every byte but printable ASCII, and the space, `%` and `/`, is percent-encoded. So an ID is ASCII,
    /// which no system normalizes, and different lists of parts have different IDs.
    ///
    /// - Parameters:
    ///   - source: the source's name: lowercase ASCII letters, digits and dashes.
    ///   - parts: at least one.
    package static func mapped(source: String, parts: [String], accountRegion: AccountRegion) -> String {
        let resource = "\(source)/\(path(parts))"
        return cut(ARN(service: "defender-bridge", accountRegion: accountRegion, resource: resource).description)
    }

    /// Parts as in the ID of a mapped finding, separated by slashes. Different lists of parts have different paths.
    package static func path(_ parts: [String]) -> String {
        let encoded = parts.map { part in
            PercentEncoding.encode(part) {
                (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "/")
            }
        }
        return encoded.joined(separator: "/")
    }

    /// The key of a suppression, which covers a check's findings about a resource with any reason code. Not an ID of a
    /// finding.
    package static func suppression(check: AuditCheck, resource: ResourceIdentifier, accountRegion: AccountRegion)
        -> String
    {
        id("audits/suppression/\(check.name)-\(resource.subject)", accountRegion)
    }

    /// The key of the suppression that would cover an audit finding; nil for another finding's ID.
    ///
    /// - Parameter reasonCode: the finding's reason code, if the ID may include it.
    package static func suppression(ofFinding id: String, reasonCode: String?, accountRegion: AccountRegion) -> String?
    {
        let prefix = arn("audits/finding/", accountRegion)
        guard id.hasPrefix(prefix) else { return nil }
        var text = String(id.dropFirst(prefix.count))
        if let reasonCode, text.hasSuffix("/\(reasonCode)") { text.removeLast(reasonCode.count + 1) }
        // A certificate with only its ARN is suppressed by its ID; see ``ResourceIdentifier/subject``.
        if let dash = text.firstIndex(of: "-"), let certificate = text.firstRange(of: ":cert/") {
            text.replaceSubrange(text.index(after: dash)..<certificate.upperBound, with: "")
        }
        return cut(arn("audits/suppression/\(text)", accountRegion))
    }

    /// Whether an ID is that of an audit finding.
    static func isAudit(_ id: String, accountRegion: AccountRegion) -> Bool {
        id.hasPrefix(arn("audits/", accountRegion))
    }

    private static func arn(_ resource: String, _ accountRegion: AccountRegion) -> String {
        ARN(service: "iot-device-defender", accountRegion: accountRegion, resource: resource).description
    }

    private static func id(_ resource: String, _ accountRegion: AccountRegion) -> String {
        let encoded = PercentEncoding.encode(resource) { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "%") }
        return cut(arn(encoded, accountRegion))
    }

    /// Truncates a text to the length of an ID, with a digest so that different texts stay different. A character that
    /// is cut in the middle becomes U+FFFD.
    package static func cut(_ text: String) -> String {
        guard text.utf8.count > FindingLimits.id else { return text }
        let digest = Digest.hexadecimal(Array(Digest.sha256(Array(text.utf8)).prefix(16)))
        return String(decoding: text.utf8.prefix(FindingLimits.id - digest.utf8.count - 1), as: UTF8.self)
            + "-" + digest
    }
}

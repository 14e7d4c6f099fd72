import Encoding

/// The IDs of mapped findings: `arn:{partition}:defender-bridge:{region}:{account}:{source}/{part}/{part}…`.
///
/// In a part, every byte but printable ASCII, and the space, `%` and `/`, is percent-encoded (RFC 3986, section 2.1),
/// as in the IDs of Device Defender's findings. So an ID is ASCII, which no system normalizes or splits, and different
/// lists of parts have different IDs. An ID of more than 512 characters is truncated and ends with a digest.
package struct MappedFindingID: Sendable {
    /// The maximum length of an ID in characters.
    package static let limit = 512

    private let prefix: String

    /// Makes IDs for an account-Region and a source.
    ///
    /// - Parameter source: the name of the source: lowercase ASCII letters, digits and dashes.
    package init(partition: String, region: String, account: String, source: String) {
        prefix = "arn:\(partition):defender-bridge:\(region):\(account):\(source)"
    }

    /// The ID of a finding.
    ///
    /// - Parameters:
    ///   - parts: at least one.
    ///   - digest: a collision-resistant digest of bytes, in ASCII, for example 32 hexadecimal digits of their SHA-256.
    ///     Called for an ID over the limit only.
    package func id(parts: [String], digest: ([UInt8]) -> String) -> String {
        var id = prefix
        for part in parts { id += "/" + PercentEncoding.encode(part, keeping: Self.isKept) }
        guard id.utf8.count > Self.limit else { return id }
        let end = "-" + digest(Array(id.utf8))
        return String(decoding: id.utf8.prefix(max(Self.limit - end.utf8.count, 0)), as: UTF8.self) + end
    }

    private static func isKept(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "/")
    }
}

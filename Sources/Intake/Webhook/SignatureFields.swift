import Cryptography
import Encoding
import HTTPTypes

/// The header fields of a signed webhook request, parsed but not verified. Parsing costs no cryptography.
struct SignatureFields: Sendable, Hashable {
    /// The most signatures in a field. A sender that rotates its secret sends two.
    private static let maximumSignatures = 16
    /// The longest message ID, in bytes.
    private static let maximumIDLength = 256
    /// The longest timestamp, in digits; longer ones are out of every range.
    private static let maximumTimestampLength = 12

    /// The decoded signatures, at least one, each as long as the digest.
    let signatures: [[UInt8]]
    /// The timestamp as sent; nil if none is signed.
    let timestamp: String?
    /// The message's ID; nil if none is signed.
    let id: String?

    /// Parses the fields.
    ///
    /// - Returns: nil if a field is missing, repeated or malformed.
    init?(_ fields: HTTPFields, _ signature: WebhookSignature) {
        guard let value = fields.onlyValue(of: signature.header) else { return nil }
        let texts = value.utf8.split(separator: UInt8(ascii: " "), maxSplits: Self.maximumSignatures)
        guard texts.count <= Self.maximumSignatures else { return nil }
        signatures = texts.compactMap { Self.decode($0, signature) }
        guard !signatures.isEmpty else { return nil }
        var parts: (timestamp: String?, id: String?)
        if signature.content.hasTimestamp {
            guard let timestamp = signature.timestampHeader.flatMap(fields.onlyValue), Self.isTimestamp(timestamp)
            else { return nil }
            parts.timestamp = timestamp
        }
        if signature.content.hasID {
            guard let id = signature.idHeader.flatMap(fields.onlyValue), Self.isID(id) else { return nil }
            parts.id = id
        }
        (timestamp, id) = parts
    }

    /// The time in the timestamp; nil if none is signed.
    var time: Timestamp? {
        timestamp.flatMap { Int64($0) }.map { Timestamp(milliseconds: $0 * 1000) }
    }

    /// The signed text for a body.
    func content(with body: [UInt8]) -> [UInt8] {
        let parts = [id, timestamp].compactMap(\.self)
        guard !parts.isEmpty else { return body }
        return parts.flatMap { Array($0.utf8) + [UInt8(ascii: ".")] } + body
    }

    /// The bytes of one signature; nil for another scheme's, which the prefix tells, and if it is malformed.
    private static func decode(_ text: Substring.UTF8View, _ signature: WebhookSignature) -> [UInt8]? {
        guard text.starts(with: signature.prefix.utf8) else { return nil }
        let digits = text.dropFirst(signature.prefix.utf8.count)
        let bytes: [UInt8]? =
            switch signature.encoding {
            case .hex: Digest.bytes(hexadecimal: digits)
            case .base64: Base64.decode(String(Substring(digits)))
            }
        guard let bytes, bytes.count == signature.algorithm.digest.length else { return nil }
        return bytes
    }

    private static func isTimestamp(_ text: String) -> Bool {
        (1...maximumTimestampLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Whether a text is visible ASCII without dots: a dot would let two messages have the same signed text.
    private static func isID(_ text: String) -> Bool {
        (1...maximumIDLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ".") }
    }
}

extension WebhookSignature.Algorithm {
    /// The digest that HMAC uses.
    var digest: SignatureDigest {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        }
    }
}

import Cryptography
import Encoding
import JSON

/// The keys that an issuer signs tokens with: a JWK Set (RFC 7517).
struct JSONWebKeySet: Sendable {
    /// The most keys that are read; the others are ignored.
    static let maximumKeys = 64

    private struct Entry: Sendable {
        let id: UTF8Text?
        let algorithm: String?
        let key: PublicKey
    }

    private let entries: [Entry]

    /// Parses a JWK Set. Keys of other types and for other uses are ignored.
    ///
    /// - Returns: nil if it is malformed, or has no usable key.
    init?(parsing body: [UInt8]) {
        guard let json = try? JSON(parsing: body, limits: JSONLimits(depth: 8, values: 5000)),
            let keys = json["keys"]?.array
        else { return nil }
        entries = keys.prefix(Self.maximumKeys).compactMap(Self.entry)
        guard !entries.isEmpty else { return nil }
    }

    /// Whether the set has a key with the token's algorithm and, if the token names one, its key id.
    func hasKey(for token: JSONWebToken) -> Bool { !keys(for: token).isEmpty }

    /// Whether one of the keys verifies a token's signature.
    func verifies(_ token: JSONWebToken) -> Bool { keys(for: token).contains(where: token.isSigned) }

    private func keys(for token: JSONWebToken) -> [PublicKey] {
        let sameKind = entries.filter { $0.key.kind == token.algorithm.keyKind }
        return sameKind.filter { entry in
            matches(entry, token.keyID, isOnlyOne: sameKind.count == 1)
                && (entry.algorithm ?? token.algorithm.rawValue) == token.algorithm.rawValue
        }.map(\.key)
    }

    /// Whether a token's key id matches a key. A key without an id matches if it is the only one of its type.
    private func matches(_ entry: Entry, _ keyID: UTF8Text?, isOnlyOne: Bool) -> Bool {
        guard let keyID else { return true }
        guard let id = entry.id else { return isOnlyOne }
        return id == keyID
    }

    private static func entry(_ json: JSON) -> Entry? {
        guard json["use"] == nil || json["use"] == "sig",
            json["key_ops"].map({ $0.array?.contains("verify") ?? false }) ?? true, let key = key(json)
        else { return nil }
        return Entry(id: json["kid"]?.string.map { UTF8Text($0) }, algorithm: json["alg"]?.string, key: key)
    }

    private static func key(_ json: JSON) -> PublicKey? {
        func bytes(_ name: String) -> [UInt8]? { json[name]?.string.flatMap { Base64URL.decode($0.utf8) } }
        switch json["kty"] ?? .null {
        case "RSA":
            guard let modulus = bytes("n"), let exponent = bytes("e") else { return nil }
            return try? PublicKey(rsaModulus: modulus, exponent: exponent)
        case "EC" where json["crv"] == "P-256":
            guard let x = bytes("x"), let y = bytes("y") else { return nil }
            return try? PublicKey(p256X: x, y: y)
        default: return nil
        }
    }
}

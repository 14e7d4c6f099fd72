import Cryptography
import JSON

/// The keys that an issuer signs tokens with (a JWK Set, RFC 7517).
struct JSONWebKeySet: Sendable {
    /// The most keys that are read.
    static let maximumKeys = 64

    private struct Entry: Sendable {
        let id: UTF8Text?
        let algorithm: String?
        let key: PublicKey
    }

    private let entries: [Entry]

    /// Reads a set; nil if it is none, or holds no key that can be used. Keys of other kinds and for other uses are
    /// passed over.
    init?(parsing body: [UInt8]) {
        guard let json = try? JSON(parsing: body, limits: JSONLimits(depth: 8, values: 5000)),
            let keys = json["keys"]?.array
        else { return nil }
        entries = keys.prefix(Self.maximumKeys).compactMap(Self.entry)
        guard !entries.isEmpty else { return nil }
    }

    /// Whether there is a key that may have signed a token: of its name, if it names one, and for its algorithm.
    func hasKey(for token: JSONWebToken) -> Bool { !keys(for: token).isEmpty }

    /// Whether one of the keys signed a token.
    func verifies(_ token: JSONWebToken) -> Bool { keys(for: token).contains(where: token.isSigned) }

    private func keys(for token: JSONWebToken) -> [PublicKey] {
        let sameKind = entries.filter { $0.key.kind == token.algorithm.keyKind }
        return sameKind.filter { entry in
            isNamed(entry, token.keyID, isOnlyOne: sameKind.count == 1)
                && (entry.algorithm ?? token.algorithm.rawValue) == token.algorithm.rawValue
        }.map(\.key)
    }

    /// Whether a token's name for its key can mean a key. One without a name is meant where there is no other of its type.
    private func isNamed(_ entry: Entry, _ keyID: UTF8Text?, isOnlyOne: Bool) -> Bool {
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

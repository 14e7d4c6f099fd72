import Cryptography
import Encoding
import JSON

/// A JSON Web Token in compact serialization (RFC 7519, RFC 7515), parsed but not verified.
struct JSONWebToken: Sendable {
    /// The algorithms that are accepted. `none` and algorithms with shared secrets are rejected.
    enum Algorithm: String, Sendable {
        case rs256 = "RS256"
        case es256 = "ES256"

        /// The type of key that the algorithm uses.
        var keyKind: PublicKey.Kind {
            switch self {
            case .rs256: .rsa
            case .es256: .p256
            }
        }
    }

    /// The longest token that is parsed, in bytes.
    static let maximumLength = 8192
    /// The allowed clock skew, in seconds.
    static let allowedSkew = 60.0

    let algorithm: Algorithm
    /// The key id (`kid`); nil if the token has none.
    let keyID: UTF8Text?
    private let claims: JSON
    private let signed: [UInt8]
    private let signature: [UInt8]

    /// Parses a token.
    ///
    /// - Returns: nil if it is malformed, or requires an unsupported algorithm or extension.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumLength else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.json(parts[0]), let claims = Self.json(parts[1]),
            let signature = Base64URL.decode(parts[2]), !signature.isEmpty,
            let algorithm = header["alg"]?.string.flatMap({ Algorithm(word: $0) }),
            // RFC 7515, section 4.1.11: no critical extension is supported.
            header["crit"] == nil
        else { return nil }
        if let keyID = header["kid"] {
            guard let keyID = keyID.string else { return nil }
            self.keyID = UTF8Text(keyID)
        } else {
            keyID = nil
        }
        self.algorithm = algorithm
        self.claims = claims
        self.signature = signature
        signed = Array(parts[0] + [UInt8(ascii: ".")] + parts[1])
    }

    /// Whether a key verifies the signature.
    func isSigned(by key: PublicKey) -> Bool {
        // A key verifies signatures of its own type only, whatever the token states: against algorithm confusion.
        key.kind == algorithm.keyKind && (try? key.verify(signature: signature, over: signed)) == true
    }

    /// The first claim that makes the token invalid (RFC 7519, section 4.1): issuer, audience, expiry or start. A token without
    /// an expiry is invalid.
    ///
    /// - Returns: the claim's name; nil if all claims are valid.
    func invalidClaim(issuer: String, audience: String, now: Timestamp) -> String? {
        let seconds = Double(now.milliseconds) / 1000
        guard let own = claims["iss"]?.string, own.utf8.elementsEqual(issuer.utf8) else { return "iss" }
        if let claim = invalidAudienceClaim(audience) { return claim }
        guard let end = claims["exp"]?.double, seconds < end + Self.allowedSkew else { return "exp" }
        guard let start = claims["nbf"] else { return nil }
        return start.double.map { $0 - Self.allowedSkew <= seconds } == true ? nil : "nbf"
    }

    /// The claim that does not match the audience. Client-credentials tokens of Amazon Cognito have `client_id` instead of
    /// `aud`; API Gateway's JWT authorizer accepts them, too.
    private func invalidAudienceClaim(_ audience: String) -> String? {
        let expected = Array(audience.utf8)
        guard let given = claims["aud"] else {
            return claims["client_id"]?.string.map { Array($0.utf8) } == expected ? nil : "client_id"
        }
        let all = given.string.map { [$0] } ?? given.array?.compactMap(\.string) ?? []
        return all.contains { Array($0.utf8) == expected } ? nil : "aud"
    }

    private static func json(_ part: ArraySlice<UInt8>) -> JSON? {
        guard let bytes = Base64URL.decode(part),
            let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 8, values: 500)), json.object != nil
        else { return nil }
        return json
    }
}

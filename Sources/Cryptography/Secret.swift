/// A secret text: compared in constant time and never printed. Only ``bearerCredentials`` contains it.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Creates a secret.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Creates a secret that is not text, such as a key.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Creates a secret of 32 random bytes, which no client knows.
    public static func random() -> Secret {
        var generator = SystemRandomNumberGenerator()
        return Secret((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// The HMAC (RFC 2104) of a message with this secret as the key, to be compared with a received one.
    public func hmac(_ digest: SignatureDigest, of message: [UInt8]) -> Secret {
        Secret(Digest.hmac(digest, key: bytes, message: message))
    }

    /// Compares a text with the secret. The time taken does not depend on how much of it matches.
    public func matches(_ text: String) -> Bool { matches(Array(text.utf8)) }

    /// Compares bytes with the secret, in constant time.
    public func matches(_ other: [UInt8]) -> Bool { Digest.constantTimeEqual(bytes, other) }

    /// The value of an `Authorization` header field with this secret as a bearer token (RFC 6750).
    public var bearerCredentials: String { "Bearer " + String(decoding: bytes, as: UTF8.self) }

    /// A placeholder.
    public var description: String { "(secret)" }
    /// A placeholder.
    public var debugDescription: String { "(secret)" }
    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

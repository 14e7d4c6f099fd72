/// A secret text: compared in constant time and never printed.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Creates a secret.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Creates a secret that is not text, such as a key.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Compares a text with the secret. The time taken does not depend on how much of it matches.
    public func matches(_ text: String) -> Bool { matches(Array(text.utf8)) }

    /// Compares bytes with the secret, in constant time.
    public func matches(_ other: [UInt8]) -> Bool { Digest.constantTimeEqual(bytes, other) }

    /// A placeholder.
    public var description: String { "(secret)" }
    /// A placeholder.
    public var debugDescription: String { "(secret)" }
    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

import Cryptography

/// A text that is compared in constant time and never printed.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Takes a text.
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// Whether a text is the secret; how long that takes tells nothing of how much of it is right.
    public func matches(_ text: String) -> Bool { matches(Array(text.utf8)) }

    /// Whether bytes are the secret; how long that takes tells nothing.
    public func matches(_ other: [UInt8]) -> Bool { Digest.constantTimeEqual(bytes, other) }

    /// A placeholder.
    public var description: String { "(secret)" }
    /// A placeholder.
    public var debugDescription: String { "(secret)" }
    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

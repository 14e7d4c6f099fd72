/// What was read is not what Device Defender is documented to say, or lacks what is needed to act on it.
///
/// The caller keeps the message as a dead letter with this reason.
public struct UnrecognizedMessageError: Error, Hashable, CustomStringConvertible {
    /// The fault in words. Names fields, and never holds any of the message's own text.
    public let reason: String

    /// Makes an error from a reason in words.
    public init(reason: String) { self.reason = reason }

    /// The reason.
    public var description: String { reason }
}

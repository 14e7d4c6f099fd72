/// A message that does not match Device Defender's documented formats, or lacks required data.
///
/// The caller dead-letters the message with this reason.
package struct UnrecognizedMessageError: Error, Hashable, CustomStringConvertible {
    /// The reason. Has field names, but no text from the message.
    package let reason: String

    /// Makes an error with a reason.
    package init(reason: String) { self.reason = reason }

    /// The reason.
    package var description: String { reason }
}

/// Why a JSON text was rejected.
public struct JSONError: Error, Hashable, CustomStringConvertible {
    /// The kind of error.
    public enum Reason: String, Sendable {
        /// The text ends before the value does.
        case unexpectedEnd = "unexpected end of text"
        /// A byte that JSON's grammar does not allow here.
        case unexpectedByte = "unexpected character"
        /// Text other than whitespace after the value.
        case trailingBytes = "trailing text after the value"
        /// Bytes that are not UTF-8 (RFC 3629).
        case invalidUTF8 = "invalid UTF-8"
        /// An invalid escape, or a lone surrogate.
        case invalidEscape = "invalid escape in a string"
        /// A control character inside a string.
        case controlCharacter = "unescaped control character in a string"
        /// A number that JSON's grammar does not allow.
        case invalidNumber = "malformed number"
        /// A duplicate name in an object: parsers differ in which value they use.
        case duplicateName = "duplicate name in an object"
        /// Nested deeper than the limit.
        case tooDeep = "nesting too deep"
        /// More values than the limit.
        case tooManyValues = "too many values"
        /// A number over the length limit.
        case numberTooLong = "number too long"
    }

    /// The kind of error.
    public let reason: Reason
    /// The byte offset of the error from the start of the text.
    public let offset: Int

    /// The error and its position, without any of the text itself.
    public var description: String { "\(reason.rawValue) at byte \(offset)" }
}

/// Limits on the structure of a JSON text. The caller bounds its length in bytes.
public struct JSONLimits: Sendable {
    /// The maximum nesting of arrays and objects; 1 allows one array or object of plain values.
    public var depth: Int
    /// The maximum number of values in the text, not counting names.
    public var values: Int

    /// Makes limits; the defaults suit external messages of up to some hundred kilobytes.
    public init(depth: Int = 32, values: Int = 100_000) {
        self.depth = depth
        self.values = values
    }
}

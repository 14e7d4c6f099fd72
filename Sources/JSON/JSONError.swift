/// Why bytes were refused as JSON.
public struct JSONError: Error, Hashable, CustomStringConvertible {
    /// The kind of fault.
    public enum Reason: String, Sendable {
        /// The text ends before the value does.
        case unexpectedEnd = "the text ends too early"
        /// A byte that JSON's grammar does not allow here.
        case unexpectedByte = "there is an unexpected character"
        /// Something other than white space stands behind the value.
        case trailingBytes = "there is more text behind the value"
        /// Bytes that are not UTF-8 (RFC 3629).
        case invalidUTF8 = "the text is not valid UTF-8"
        /// A bad escape, or half of a surrogate pair.
        case invalidEscape = "a string has an invalid escape"
        /// A control character inside a string.
        case controlCharacter = "a string has an unescaped control character"
        /// A number outside of JSON's grammar.
        case invalidNumber = "a number is malformed"
        /// The same name twice in one object: parsers differ about which one counts.
        case duplicateName = "an object has the same name twice"
        /// Nested deeper than the limit.
        case tooDeep = "the value is nested too deep"
        /// More values than the limit.
        case tooManyValues = "there are too many values"
        /// A longer number than the limit.
        case numberTooLong = "a number is too long"
    }

    /// The kind of fault.
    public let reason: Reason
    /// The offset of the fault in bytes from the start of the text.
    public let offset: Int

    /// The fault in words, without any of the text itself.
    public var description: String { "\(reason.rawValue) at byte \(offset)" }
}

/// How much a JSON text may hold. The caller bounds its length in bytes.
public struct JSONLimits: Sendable {
    /// How deep arrays and objects may be nested; 1 allows one array or object of plain values.
    public var depth: Int
    /// How many values the text may hold in all, names not counted.
    public var values: Int

    /// Makes limits; the defaults suit a message from outside of up to some hundred kilobytes.
    public init(depth: Int = 32, values: Int = 100_000) {
        self.depth = depth
        self.values = values
    }
}

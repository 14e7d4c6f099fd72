/// A string that is compared, hashed and sorted by its UTF-8 bytes.
///
/// Use it for every name and value from external input. `String` compares by canonical equivalence instead: it treats
/// two names that differ only in normalization as equal, and a run of combining marks costs it quadratic time.
public struct UTF8Text: Sendable, Hashable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text.
    public let string: String

    /// Wraps a text.
    public init(_ string: String) { self.string = string }

    /// Wraps a text.
    public init(stringLiteral string: String) { self.string = string }

    /// The text.
    public var description: String { string }

    /// Whether both have the same bytes.
    public static func == (left: UTF8Text, right: UTF8Text) -> Bool {
        guard left.string.utf8.count == right.string.utf8.count else { return false }
        let (left, right) = (left.string.utf8Span.span, right.string.utf8Span.span)
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    /// Orders by bytes, which is also the order of the Unicode scalars.
    public static func < (left: UTF8Text, right: UTF8Text) -> Bool {
        let (left, right) = (left.string.utf8Span.span, right.string.utf8Span.span)
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return left[index] < right[index]
        }
        return left.count < right.count
    }

    /// Hashes eight bytes at a time, several times faster than one at a time.
    public func hash(into hasher: inout Hasher) {
        let bytes = string.utf8Span.span
        var word: UInt64 = 0
        for index in bytes.indices {
            word = word << 8 | UInt64(bytes[index])
            if index & 7 == 7 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(bytes.count)
    }
}

extension RawRepresentable<String> {
    /// The case for a word from external input; nil if there is none, or if the word is not ASCII, for which
    /// `init(rawValue:)` may take quadratic time.
    public init?(word: String) {
        guard word.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        self.init(rawValue: word)
    }
}

extension Dictionary where Key == UTF8Text {
    /// The value for a name, compared by its UTF-8 bytes.
    public subscript(name: String) -> Value? {
        get { self[UTF8Text(name)] }
        set { self[UTF8Text(name)] = newValue }
    }

    /// Makes a dictionary with the same values, with names compared by their UTF-8 bytes.
    public init(_ values: [String: Value]) {
        self.init(uniqueKeysWithValues: values.lazy.map { (UTF8Text($0.key), $0.value) })
    }
}

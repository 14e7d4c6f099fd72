/// A value inside a JSON text that is found without parsing the whole of it.
///
/// Reading large responses of which little is needed costs a fraction of ``JSON/init(parsing:limits:)``. A slice checks only
/// what it needs to find the ends of values: strings and brackets. ``parsed(limits:)`` checks the rest.
public struct JSONSlice: Sendable {
    private let text: [UInt8]
    private let range: Range<Int>

    /// Finds the value of a text. A leading byte order mark is ignored.
    ///
    /// - Throws: ``JSONError`` if the value has no end, or if something follows it.
    public init(_ text: [UInt8]) throws(JSONError) {
        var position = ByteOrderMark.dropped(from: text).startIndex
        range = try Scanner.value(in: text.span, at: &position)
        guard Scanner.skipWhitespace(in: text.span, at: &position) == nil else {
            throw JSONError(reason: .trailingBytes, offset: position)
        }
        self.text = text
    }

    private init(_ text: [UInt8], _ range: Range<Int>) { (self.text, self.range) = (text, range) }

    /// The value as it was written, without surrounding whitespace.
    public var bytes: ArraySlice<UInt8> { text[range] }

    /// The value, parsed strictly.
    ///
    /// - Throws: ``JSONError``, with positions from the start of the value.
    public func parsed(limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSON {
        try JSON(parsing: Array(bytes), limits: limits)
    }

    /// The text of a string without escapes; nil for any other value, and if it is not UTF-8.
    public var plainString: String? {
        guard isString, !bytes.contains(UInt8(ascii: "\\")) else { return nil }
        return String(validating: bytes.dropFirst().dropLast(), as: UTF8.self)
    }

    private var isString: Bool { text[range.lowerBound] == UInt8(ascii: "\"") }

    /// The elements of an array, in order; nil for any other value.
    ///
    /// - Throws: ``JSONError`` if the elements are not separated by commas.
    public func elements() throws(JSONError) -> [JSONSlice]? {
        guard text[range.lowerBound] == UInt8(ascii: "[") else { return nil }
        var elements: [JSONSlice] = []
        try scan(end: UInt8(ascii: "]")) { bytes, position throws(JSONError) in
            elements.append(JSONSlice(text, try Scanner.value(in: bytes, at: &position)))
        }
        return elements
    }

    /// The members of an object, in the order of the text; nil for any other value. Names are as they were written: with
    /// quotes and escapes.
    ///
    /// - Throws: ``JSONError`` if the members are not names and values, separated by commas.
    public func members() throws(JSONError) -> [(name: ArraySlice<UInt8>, value: JSONSlice)]? {
        guard text[range.lowerBound] == UInt8(ascii: "{") else { return nil }
        var members: [(name: ArraySlice<UInt8>, value: JSONSlice)] = []
        try scan(end: UInt8(ascii: "}")) { bytes, position throws(JSONError) in
            guard bytes[position] == UInt8(ascii: "\"") else { throw Scanner.unexpected(position) }
            let name = try Scanner.value(in: bytes, at: &position)
            guard Scanner.skipWhitespace(in: bytes, at: &position) == UInt8(ascii: ":") else {
                throw Scanner.unexpected(position)
            }
            position += 1
            members.append((text[name], JSONSlice(text, try Scanner.value(in: bytes, at: &position))))
        }
        return members
    }

    /// Scans the items between the brackets.
    ///
    /// - Parameter item: scans one item from its first byte, and moves the position behind it.
    private func scan(
        end: UInt8, _ item: (borrowing Span<UInt8>, inout Int) throws(JSONError) -> Void
    ) throws(JSONError) {
        let bytes = text.span
        var position = range.lowerBound + 1
        if Scanner.skipWhitespace(in: bytes, at: &position) == end { return }
        while true {
            guard Scanner.skipWhitespace(in: bytes, at: &position) != nil else { throw Scanner.ended(position) }
            try item(bytes, &position)
            let separator = Scanner.skipWhitespace(in: bytes, at: &position)
            if separator == end { return }
            guard separator == UInt8(ascii: ",") else { throw Scanner.unexpected(position) }
            position += 1
        }
    }
}

/// Finds the ends of values. Takes time linear in the bytes that it passes.
private enum Scanner {
    /// The deepest nesting of arrays and objects in a value.
    private static let depthLimit = 64

    /// Moves to the next byte that is not whitespace, and returns it; nil at the end.
    static func skipWhitespace(in bytes: borrowing Span<UInt8>, at position: inout Int) -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    /// Finds the next value, and moves behind it.
    static func value(in bytes: borrowing Span<UInt8>, at position: inout Int) throws(JSONError) -> Range<Int> {
        guard let byte = skipWhitespace(in: bytes, at: &position) else { throw ended(position) }
        let start = position
        switch byte {
        case UInt8(ascii: "\""): try skipString(in: bytes, at: &position)
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skipNested(in: bytes, at: &position)
        default:
            while position < bytes.count, isInWord(bytes[position]) { position += 1 }
            guard position > start else { throw unexpected(position) }
        }
        return start..<position
    }

    /// Whether a byte belongs to a number, `true`, `false` or `null`.
    private static func isInWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private static func skipString(in bytes: borrowing Span<UInt8>, at position: inout Int) throws(JSONError) {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        throw ended(bytes.count)
    }

    /// Skips an array or object by its brackets.
    private static func skipNested(in bytes: borrowing Span<UInt8>, at position: inout Int) throws(JSONError) {
        // A bit for each open bracket, the innermost last: 1 for an object.
        var (open, depth): (UInt64, Int) = (0, 0)
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                try skipString(in: bytes, at: &position)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < depthLimit else { throw JSONError(reason: .tooDeep, offset: position) }
                open = open << 1 | (byte == UInt8(ascii: "{") ? 1 : 0)
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard open & 1 == (byte == UInt8(ascii: "}") ? 1 : 0) else { throw unexpected(position) }
                open >>= 1
                depth -= 1
            default: break
            }
            position += 1
            if depth == 0 { return }
        }
        throw ended(position)
    }

    static func ended(_ position: Int) -> JSONError { JSONError(reason: .unexpectedEnd, offset: position) }

    static func unexpected(_ position: Int) -> JSONError { JSONError(reason: .unexpectedByte, offset: position) }
}

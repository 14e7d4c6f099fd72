extension JSON {
    /// Parses one JSON text (RFC 8259) strictly: valid UTF-8, no duplicate names, no lone surrogates, nothing after the
    /// value. Input that two parsers could read differently is rejected. A leading byte order mark is ignored, as
    /// section 8.1 allows.
    ///
    /// - Throws: ``JSONError``, with the position of the first error.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var parser = Parser(bytes: bytes, limits: limits)
        self = try parser.parseText()
    }

    /// Parses one JSON text from a string; see ``init(parsing:limits:)``.
    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}

/// A recursive-descent parser; its recursion is bounded by `limits.depth`. It builds values, or only checks them.
struct Parser {
    let bytes: [UInt8]
    let limits: JSONLimits
    var position = 0
    private var values = 0
    /// The names of the objects that are being checked, the innermost last; see `checkValue(depth:)`.
    var names: [Range<Int>] = []

    init(bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
        position = ByteOrderMark.dropped(from: bytes).startIndex
    }

    mutating func parseText() throws(JSONError) -> JSON {
        skipWhitespace()
        let value = try parseValue(depth: 0)
        skipWhitespace()
        guard position == bytes.count else { throw error(.trailingBytes) }
        return value
    }

    func error(_ reason: JSONError.Reason) -> JSONError { JSONError(reason: reason, offset: position) }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipWhitespace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard let found = current else { throw error(.unexpectedEnd) }
        guard found == byte else { throw error(.unexpectedByte) }
        position += 1
    }

    /// Counts a value, and returns its first byte.
    mutating func startValue() throws(JSONError) -> UInt8 {
        values += 1
        guard values <= limits.values else { throw error(.tooManyValues) }
        guard let byte = current else { throw error(.unexpectedEnd) }
        return byte
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
        switch try startValue() {
        case UInt8(ascii: "{"): return try parseObject(depth: depth + 1)
        case UInt8(ascii: "["): return try parseArray(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try text(skipNumber()))
        default: return try parseWord()
        }
    }

    /// Parses `true`, `false` or `null`.
    mutating func parseWord() throws(JSONError) -> JSON {
        switch current {
        case UInt8(ascii: "t"): try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): try parseWord("null", .null)
        default: throw error(.unexpectedByte)
        }
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for offset in 0..<word.utf8CodeUnitCount {
            try expect(word.withUTF8Buffer { $0[offset] })
        }
        return value
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> JSON {
        guard depth <= limits.depth else { throw error(.tooDeep) }
        position += 1
        var members: JSON.Members = [:]
        skipWhitespace()
        if current == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipWhitespace()
            guard let quote = current else { throw error(.unexpectedEnd) }
            guard quote == UInt8(ascii: "\"") else { throw error(.unexpectedByte) }
            let name = UTF8Text(try parseString())
            guard members[name] == nil else { throw error(.duplicateName) }
            skipWhitespace()
            try expect(UInt8(ascii: ":"))
            skipWhitespace()
            members[name] = try parseValue(depth: depth)
            if try parseEnd(UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSON {
        guard depth <= limits.depth else { throw error(.tooDeep) }
        position += 1
        var elements: [JSON] = []
        skipWhitespace()
        if current == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            skipWhitespace()
            elements.append(try parseValue(depth: depth))
            if try parseEnd(UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    /// Parses the comma between two elements (false) or the closing bracket (true).
    mutating func parseEnd(_ end: UInt8) throws(JSONError) -> Bool {
        skipWhitespace()
        guard let byte = current else { throw error(.unexpectedEnd) }
        guard byte == end || byte == UInt8(ascii: ",") else { throw error(.unexpectedByte) }
        position += 1
        return byte == end
    }

    /// The range of a number.
    mutating func skipNumber() throws(JSONError) -> Range<Int> {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") { position += 1 } else { try skipDigits() }
        if current == UInt8(ascii: ".") {
            position += 1
            try skipDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try skipDigits()
        }
        guard position - start <= 64 else { throw error(.numberTooLong) }
        return start..<position
    }

    private mutating func skipDigits() throws(JSONError) {
        let start = position
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        guard position > start else { throw error(.invalidNumber) }
    }

    func text(_ range: Range<Int>) throws(JSONError) -> String { try text(bytes.span.extracting(range)) }

    private func text(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw self.error(.invalidUTF8)
        }
    }

    mutating func parseString() throws(JSONError) -> String {
        let start = position + 1
        guard let content = try skipPlainString() else { return try parseEscapedString(from: start) }
        return try text(content)
    }

    /// The content of a string without escapes, which may be invalid UTF-8. Nil with the position at the first escape,
    /// if there is any.
    mutating func skipPlainString() throws(JSONError) -> Range<Int>? {
        let start = position + 1
        position = Self.endOfPlainCharacters(bytes.span, from: start)
        guard let byte = current else { throw error(.unexpectedEnd) }
        if byte == UInt8(ascii: "\\") { return nil }
        guard byte == UInt8(ascii: "\"") else { throw error(.controlCharacter) }
        position += 1
        return start..<position - 1
    }

    /// The position of the first quote, backslash or control character.
    private static func endOfPlainCharacters(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\""),
            bytes[index] != UInt8(ascii: "\\")
        {
            index += 1
        }
        return index
    }

    /// Parses the rest of a string whose first escape is at the current position.
    mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
        // No escape is shorter than the character that it encodes.
        let capacity = endOfString(from: position) - start
        let unescaped = try [UInt8](capacity: capacity) { output throws(JSONError) in
            for index in start..<position { output.append(bytes[index]) }
            while let byte = current, byte != UInt8(ascii: "\"") {
                if byte == UInt8(ascii: "\\") {
                    position += 1
                    try parseEscape(into: &output)
                } else {
                    guard byte >= 0x20 else { throw error(.controlCharacter) }
                    output.append(byte)
                    position += 1
                }
            }
            guard current != nil else { throw error(.unexpectedEnd) }
            position += 1
        }
        return try text(unescaped.span)
    }

    /// The position of the closing quote, or the end of the text.
    private func endOfString(from start: Int) -> Int {
        let bytes = bytes.span
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, bytes.count)
    }

    private mutating func parseEscape(into unescaped: inout OutputSpan<UInt8>) throws(JSONError) {
        guard let byte = current else { throw error(.unexpectedEnd) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): for unit in UTF8.encode(try parseUnicodeEscape()) ?? .init() { unescaped.append(unit) }
        default: throw error(.invalidEscape)
        }
    }

    private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try parseHex4()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), current == UInt8(ascii: "\\") else { throw error(.invalidEscape) }
        position += 1
        guard current == UInt8(ascii: "u") else { throw error(.invalidEscape) }
        position += 1
        let second = try parseHex4()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error(.invalidEscape) }
        return scalar
    }

    private mutating func parseHex4() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current else { throw error(.unexpectedEnd) }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw error(.invalidEscape)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

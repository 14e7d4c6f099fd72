import JSON

extension JSONPathParser {
    /// Parses a name after a dot (RFC 9535, section 2.5.1.1).
    mutating func parseDotName(in place: Place) throws(JSONPathError) -> UTF8Text {
        let start = cursor.position
        guard cursor.isAtName else { throw invalidDotName(in: place) }
        cursor.skipNameCharacters()
        if cursor.current == UInt8(ascii: "(") { throw unsupportedFunction(at: start) }
        if let byte = cursor.current, !Self.endsName(byte, in: place) {
            throw cursor.error(
                "A name after a dot has only letters, digits and _", quotedName(from: start, in: place))
        }
        return UTF8Text(cursor.text(from: start))
    }

    private func invalidDotName(in place: Place) -> JSONPathError {
        let dot = cursor.position - 1
        switch cursor.current {
        case nil: return cursor.error("A name is missing after the dot", "Write .name", at: dot)
        case UInt8(ascii: "."):
            return cursor.error(
                "Searching all levels with .. is not supported", "Write the full path, such as $.a.b", at: dot)
        case UInt8(ascii: "*"):
            return cursor.error(
                "The wildcard .* is not supported, because members have no order",
                "Write [*] for the elements of an array", at: dot)
        case UInt8(ascii: "["): return cursor.error("A dot precedes a bracket", "Remove the dot", at: dot)
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            return cursor.error("A name in quotes follows a dot", "Write ['name'] without a dot", at: dot)
        case _ where cursor.isAtBlank:
            return cursor.error("White space follows the dot", "Remove it")
        default:
            return cursor.error(
                "A name after a dot begins with a letter or _", quotedName(from: cursor.position, in: place))
        }
    }

    /// Shows how to write a name that needs quotes. The name begins at an offset and may contain the current byte.
    private func quotedName(from start: Int, in place: Place) -> String {
        let rest = cursor.bytes[cursor.position...].dropFirst()
        let end = rest.firstIndex { Self.endsName($0, in: place) } ?? cursor.bytes.endIndex
        let name = cursor.bytes[start..<end]
        let isPlain = name.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\\") }
        let text = isPlain ? String(decoding: name, as: UTF8.self) : "name"
        return "Write ['\(text)'] instead of .\(text)"
    }

    /// The error for a function such as `length()`.
    func unsupportedFunction(at offset: Int) -> JSONPathError {
        cursor.error(
            "Functions such as length() are not supported", "Compare a value, such as [?@.name == 'text']", at: offset)
    }

    /// Parses a string in single or double quotes (RFC 9535, section 2.3.1.1).
    mutating func parseString() throws(JSONPathError) -> String {
        let start = cursor.position
        let quote = cursor.bytes[start]
        cursor.position += 1
        var text: [UInt8] = []
        while let byte = cursor.current {
            switch byte {
            case quote:
                cursor.position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try parseEscape(quote: quote, into: &text)
            case 0..<0x20:
                throw cursor.error("A string contains a control character", "Write an escape such as \\t or \\u0009")
            default:
                text.append(byte)
                cursor.position += 1
            }
        }
        let mark = quote == UInt8(ascii: "'") ? "'" : "\""
        throw cursor.error("The string is not closed", "Write \(mark) at its end", at: start)
    }

    private mutating func parseEscape(quote: UInt8, into text: inout [UInt8]) throws(JSONPathError) {
        let start = cursor.position
        cursor.position += 1
        guard let byte = cursor.current else {
            throw cursor.error("The string ends within an escape", "Write \\\\ for a backslash", at: start)
        }
        cursor.position += 1
        switch byte {
        case quote, UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            guard let scalar = parseUnicodeEscape() else {
                throw cursor.error(
                    "The escape is not a Unicode character", "Write \\u and four hexadecimal digits, such as \\u00e9",
                    at: start)
            }
            text.append(contentsOf: UTF8.encode(scalar) ?? .init())
        default:
            throw cursor.error(
                "The escape is not defined",
                "Write \\\\ for a backslash; escape only the quotes that enclose the string", at: start)
        }
    }

    /// Parses what follows `\u`; nil if it is not a Unicode scalar, or a pair of surrogates in two escapes.
    private mutating func parseUnicodeEscape() -> Unicode.Scalar? {
        guard let first = parseHex4() else { return nil }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), cursor.skip("\\u"), let second = parseHex4(),
            (0xDC00..<0xE000).contains(second)
        else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func parseHex4() -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = cursor.current, byte < 0x80,
                let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { return nil }
            value = value << 4 | UInt32(digit)
            cursor.position += 1
        }
        return value
    }

    /// Whether a name after a dot can end before a byte.
    private static func endsName(_ byte: UInt8, in place: Place) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "["): true
        case UInt8(ascii: "]"), UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: ")"), UInt8(ascii: ","):
            place == .filter
        default: JSONPathCursor.isBlank(byte)
        }
    }
}

/// A position in the text of a path.
struct JSONPathCursor {
    /// The path in UTF-8.
    let bytes: [UInt8]
    /// The offset of the current byte.
    var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// The current byte; nil at the end.
    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The byte after the current one; nil at the end.
    var next: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

    /// Skips an ASCII character; false if another one, or none, is next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Skips an ASCII text; false if another one is next.
    mutating func skip(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    /// Skips white space as RFC 9535 defines it: spaces, tabs, line feeds and carriage returns.
    mutating func skipBlanks() { while isAtBlank { position += 1 } }

    /// Skips digits; returns their number.
    mutating func skipDigits() -> Int {
        let start = position
        while let byte = current, Self.isDigit(byte) { position += 1 }
        return position - start
    }

    /// Skips letters, digits, `_` and characters that are not ASCII: what a name without quotes consists of.
    mutating func skipNameCharacters() {
        while let byte = current, Self.isNameStart(byte) || Self.isDigit(byte) { position += 1 }
    }

    /// Whether white space is next.
    var isAtBlank: Bool { current.map(Self.isBlank) ?? false }

    /// Whether a name without quotes is next.
    var isAtName: Bool { current.map(Self.isNameStart) ?? false }

    /// The text from an offset up to the current position.
    func text(from start: Int) -> String { String(decoding: bytes[start..<position], as: UTF8.self) }

    /// An error at an offset, by default the current one.
    ///
    /// - Parameters:
    ///   - problem: why the path is rejected, without a full stop.
    ///   - fix: what to write instead, without a full stop.
    func error(_ problem: String, _ fix: String, at offset: Int? = nil) -> JSONPathError {
        let before = bytes.prefix(offset ?? position)
        // Every Unicode scalar has one byte that does not continue another one.
        let column = before.count { $0 & 0xC0 != 0x80 } + 1
        return JSONPathError(column: column, problem: problem, fix: "\(fix).")
    }
}

extension JSONPathCursor {
    /// Whether a byte is white space in RFC 9535.
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Whether a byte can begin a name without quotes: a letter, `_`, or a byte of a character that is not ASCII.
    private static func isNameStart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}

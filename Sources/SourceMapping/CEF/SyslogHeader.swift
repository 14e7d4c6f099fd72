/// What a syslog sender writes before a message: the header of RFC 5424, or that of RFC 3164, of which every part is
/// optional because relays leave parts out. The octet count of RFC 6587 may precede either.
///
/// `CEF:` counts only where the message of the syslog line begins: in the text of another program's line, it may have
/// been written by an attacker.
enum SyslogHeader {
    /// The offset after `CEF:`.
    static func end(in bytes: [UInt8]) throws(CEFError) -> Int {
        var reader = Reader(bytes)
        reader.skipOctetCount()
        let hasPriority = reader.skipPriority()
        // Claroty's lines have a space after it.
        reader.skipSpaces()
        let isRFC5424 = hasPriority && reader.skip("1 ")
        guard isRFC5424 ? reader.skipHeaderOfRFC5424() : reader.skipHeaderOfRFC3164(), reader.skip("CEF:") else {
            throw CEFError(
                "CEF: is missing, or more than a syslog header precedes it. "
                    + "Check that the path of decode leads to the line that the sender wrote.",
                at: reader.position, in: bytes)
        }
        return reader.position
    }

    /// The offset of another message: a line with `CEF:`, a digit and `|`. Nil if there is none.
    static func nextMessage(in bytes: [UInt8], after start: Int) -> Int? {
        var isLater = false
        for index in bytes.indices.dropFirst(start) {
            if bytes[index] == 0x0A { isLater = true }
            guard isLater, bytes[index] == UInt8(ascii: "C"), bytes[index - 1] == 0x20 || bytes[index - 1] == 0x0A
            else { continue }
            var reader = Reader(bytes)
            reader.position = index
            guard reader.skip("CEF:") else { continue }
            reader.skipSpaces()
            if reader.skipDigits() > 0, reader.skip("|") { return index }
        }
        return nil
    }
}

/// Skips the parts of a syslog header. A part that is not there is not an error.
private struct Reader {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Skips an ASCII text; false if another one is next.
    mutating func skip(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    mutating func skipSpaces() { while position < bytes.count, bytes[position] == 0x20 { position += 1 } }

    /// Skips digits; returns their number.
    @discardableResult
    mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        return position - start
    }

    /// The word at the position, up to a space, a line break or the end.
    private var word: ArraySlice<UInt8> { bytes[position...].prefix { $0 > 0x20 } }

    /// Skips a word and the spaces after it; false if no space follows it, as every part of a header has one.
    private mutating func skipWord(where isPart: (ArraySlice<UInt8>) -> Bool = { _ in true }) -> Bool {
        let word = word
        guard !word.isEmpty, word.endIndex < bytes.count, bytes[word.endIndex] == 0x20, isPart(word) else {
            return false
        }
        position = word.endIndex
        skipSpaces()
        return true
    }

    /// Skips the length of the line (RFC 6587, section 3.4.1).
    mutating func skipOctetCount() {
        let start = position
        guard skipDigits() > 0, skip(" "), position < bytes.count, bytes[position] == UInt8(ascii: "<") else {
            position = start
            return
        }
    }

    /// Skips `<PRI>`; false if there is none.
    mutating func skipPriority() -> Bool {
        let start = position
        guard skip("<"), (1...3).contains(skipDigits()), skip(">") else {
            position = start
            return false
        }
        return true
    }

    // MARK: RFC 5424

    /// Skips time, host, program, process, message type and structured data (section 6); false if one is missing.
    mutating func skipHeaderOfRFC5424() -> Bool {
        for _ in 0..<5 { guard skipWord() else { return false } }
        guard skip("-") || skipStructuredElement() else { return false }
        while skipStructuredElement() {}
        skipSpaces()
        _ = skip("\u{FEFF}")
        return true
    }

    /// Skips `[id name="value" …]`. In a value, `"`, `\` and `]` are escaped by a backslash (section 6.3).
    private mutating func skipStructuredElement() -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "[") else { return false }
        var index = position + 1
        var isInValue = false
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\") where isInValue: index += 1
            case UInt8(ascii: "\""): isInValue.toggle()
            case UInt8(ascii: "]") where !isInValue:
                position = index + 1
                return true
            default: break
            }
            index += 1
        }
        return false
    }

    // MARK: RFC 3164

    /// Skips time, host and tag (section 4.1); always true, as each may be missing.
    mutating func skipHeaderOfRFC3164() -> Bool {
        skipTime()
        if !isAtMessage { _ = skipWord { $0.last != UInt8(ascii: ":") } }
        if !isAtMessage { _ = skipWord { $0.last == UInt8(ascii: ":") } }
        return true
    }

    private var isAtMessage: Bool { bytes[position...].starts(with: "CEF:".utf8) }

    /// Skips `Sep 19 08:26:10`, also with a year and a time zone, or a time of RFC 3339.
    private mutating func skipTime() {
        let start = position
        if Self.months.contains(where: { word.elementsEqual($0.utf8) }) {
            let parts = skipWord() && skipWord { $0.count <= 2 && $0.allSatisfy(Self.isDigit) }
            if parts {
                _ = skipWord { $0.count == 4 && $0.allSatisfy(Self.isDigit) }
                if skipWord(where: Self.isClockTime) {
                    _ = skipWord { $0.count <= 5 && $0.allSatisfy { (0x41...0x5A).contains($0) } }
                    return
                }
            }
            position = start
        } else {
            _ = skipWord {
                Self.startsWithDigit($0) && $0.contains(UInt8(ascii: "T")) && $0.contains(UInt8(ascii: ":"))
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func startsWithDigit(_ word: ArraySlice<UInt8>) -> Bool { word.first.map(isDigit) ?? false }

    /// Whether a word is a time of day, such as `08:26:10` or `08:26:10.123`.
    private static func isClockTime(_ word: ArraySlice<UInt8>) -> Bool {
        word.count >= 8 && startsWithDigit(word) && word.count { $0 == UInt8(ascii: ":") } >= 2
    }
}

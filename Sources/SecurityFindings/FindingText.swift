/// Makes texts valid for Security Hub.
enum FindingText {
    /// Removes characters that Security Hub or a console could mishandle, and truncates to a limit.
    ///
    /// Control characters, line separators and bidirectional controls become spaces: they do not belong in a one-line
    /// text, take up to six bytes in JSON, and let a device disguise its name.
    ///
    /// - Parameter limit: the maximum length in UTF-16 code units, the strictest reading of a limit in characters.
    /// - Returns: nil if the text is blank, which Security Hub rejects.
    static func bounded(_ text: String, to limit: Int) -> String? {
        // Fast path: nearly every text is plain and short.
        if text.utf8.count <= limit, isPlain(text) {
            return text.utf8.contains { $0 != UInt8(ascii: " ") } ? text : nil
        }
        var scalars = String.UnicodeScalarView()
        // One more than fits, so that truncation is detected without reading the rest.
        for scalar in text.unicodeScalars.prefix(limit + 1) { scalars.append(isUnsuitable(scalar) ? " " : scalar) }
        let cut = cut(String(scalars), to: limit)
        return cut.unicodeScalars.allSatisfy(\.properties.isWhitespace) ? nil : cut
    }

    /// Like ``bounded(_:to:)`` for a required text: a blank one becomes `unnamed`.
    static func required(_ text: String, to limit: Int) -> String { bounded(text, to: limit) ?? "unnamed" }

    /// Whether all of it is printable ASCII.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        for index in bytes.indices where !(0x20..<0x7F).contains(bytes[index]) { return false }
        return true
    }

    private static func isUnsuitable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C, 0xFEFF: true
        default: scalar.value & 0xFFFE == 0xFFFE
        }
    }

    /// Truncates at a character boundary, and appends an ellipsis.
    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf16.count > limit else { return text }
        let characters = prefix(of: text, to: limit - 1) { String($0) }
        if !characters.isEmpty { return characters + "…" }
        // A single character with more combining marks than fit.
        return prefix(of: text.unicodeScalars, to: limit - 1) { String($0) } + "…"
    }

    private static func prefix<Parts: Sequence>(
        of parts: Parts, to limit: Int, text: (Parts.Element) -> String
    ) -> String {
        var result = ""
        var length = 0
        for part in parts {
            let part = text(part)
            length += part.utf16.count
            guard length <= limit else { break }
            result += part
        }
        return result
    }

    /// Makes a map valid for Security Hub: keeps the first entries up to the limit, drops blank keys and values, and
    /// truncates the others.
    static func boundedMap(
        _ entries: [(key: String, value: String)], keyLimit: Int, valueLimit: Int
    ) -> TextMap {
        var map = TextMap(capacity: min(entries.count, FindingLimits.mapEntries))
        for entry in entries where map.entries.count < FindingLimits.mapEntries {
            guard let key = bounded(entry.key, to: keyLimit), let value = bounded(entry.value, to: valueLimit) else {
                continue
            }
            map.add(key, value)
        }
        return map
    }
}

import Cryptography
import JSON

/// Texts as Security Hub takes them.
enum FindingText {
    /// The text without what Security Hub or a reader's console could stumble over, cut to a limit.
    ///
    /// Control characters, line separators and controls of writing direction become spaces: they have no place in a
    /// one-line text, take up to six bytes in JSON, and let a device disguise its name.
    ///
    /// - Parameter limit: the longest result in UTF-16 code units, the strictest reading of a limit in characters.
    /// - Returns: nil if there is nothing but white space: Security Hub refuses such texts.
    static func bounded(_ text: String, to limit: Int) -> String? {
        // Nearly every text is plain and short enough as it is.
        if text.utf8.count <= limit, isPlain(text) {
            return text.utf8.contains { $0 != UInt8(ascii: " ") } ? text : nil
        }
        var scalars = String.UnicodeScalarView()
        // One more than can fit, so that the cut shows; what comes behind is not even looked at.
        for scalar in text.unicodeScalars.prefix(limit + 1) { scalars.append(isUnsuitable(scalar) ? " " : scalar) }
        let cut = cut(String(scalars), to: limit)
        return cut.unicodeScalars.allSatisfy(\.properties.isWhitespace) ? nil : cut
    }

    /// The same for a text that has to be there: a blank one becomes `unnamed`.
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

    /// Cuts between what a reader takes for characters, and marks the cut with an ellipsis.
    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf16.count > limit else { return text }
        let characters = prefix(of: text, to: limit - 1) { String($0) }
        if !characters.isEmpty { return characters + "…" }
        // One character with more combining marks than fit.
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

    /// Entries of a map as Security Hub takes them, the first ones if there are too many: without blank keys and
    /// values, each cut to its limit.
    static func boundedMap(
        _ entries: [(key: String, value: String)], keyLimit: Int, valueLimit: Int
    ) -> [UTF8Text: String] {
        var map: [UTF8Text: String] = [:]
        for entry in entries where map.count < FindingLimits.mapEntries {
            guard let key = bounded(entry.key, to: keyLimit), let value = bounded(entry.value, to: valueLimit),
                map[key] == nil
            else { continue }
            map[key] = value
        }
        return map
    }

    /// The text with every byte percent-encoded (RFC 3986) that `isKept` does not keep.
    static func percentEncoded(_ text: String, keeping isKept: (UInt8) -> Bool) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            if isKept(byte) {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(contentsOf: Digest.hexadecimal([byte]).uppercased().utf8)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

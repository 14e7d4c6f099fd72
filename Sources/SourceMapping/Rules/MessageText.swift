/// Texts from the configuration, made safe for a message of one line.
enum MessageText {
    /// The maximum length of a quoted text, in Unicode scalars.
    private static let limit = 64

    /// A text in double quotes.
    static func quoted(_ text: String) -> String { "\"\(cleaned(text))\"" }

    /// A text, truncated, with a replacement character (U+FFFD) for each control, format or line-separating one.
    static func cleaned(_ text: String) -> String {
        let start = text.unicodeScalars.prefix(limit)
        var cleaned = String.UnicodeScalarView(start.map { isInvisible($0) ? "\u{FFFD}" : $0 })
        if start.endIndex < text.endIndex { cleaned.append("…") }
        return String(cleaned)
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

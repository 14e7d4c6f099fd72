import Encoding

/// A change to a text. No prefix of the result depends on more than an equally long prefix of the text, so that a
/// bounded result needs only a bounded part of the text.
enum TextFilter: Sendable, Hashable {
    /// Uppercase, by the mapping of each Unicode scalar; independent of language and context.
    case upper
    /// Lowercase, by the mapping of each Unicode scalar; independent of language and context.
    case lower
    /// The first Unicode scalars. A scalar is never split; a base letter can lose its combining marks.
    case cut(Int)
    /// `-` instead of each `/`.
    case dashes
    /// Each byte that is reserved in URLs is percent-encoded, and so is every byte beyond ASCII.
    case percentEncoded

    /// The changed text, truncated to a limit in Unicode scalars.
    func apply(to text: String, limit: Int) -> String {
        switch self {
        case .upper: Self.map(text, limit: limit, \.properties.uppercaseMapping)
        case .lower: Self.map(text, limit: limit, \.properties.lowercaseMapping)
        case .cut(let length): Self.prefix(text, limit: min(length, limit))
        case .dashes: Self.map(text, limit: limit) { $0 == "/" ? "-" : String($0) }
        case .percentEncoded: Self.map(text, limit: limit) { PercentEncoding.encode(String($0)) }
        }
    }

    private static func prefix(_ text: String, limit: Int) -> String {
        var result = BoundedText(limit: limit)
        result.append(text)
        return result.text
    }

    private static func map(_ text: String, limit: Int, _ mapping: (Unicode.Scalar) -> String) -> String {
        var result = BoundedText(limit: limit)
        for scalar in text.unicodeScalars {
            guard !result.isFull else { break }
            result.append(mapping(scalar))
        }
        return result.text
    }
}

extension [TextFilter] {
    /// The text changed by each filter in order, truncated to a limit in Unicode scalars.
    func apply(to text: String, limit: Int) -> String {
        reduce(text) { $1.apply(to: $0, limit: limit) }
    }
}

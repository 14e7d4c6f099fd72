/// Splits a command line into words like a shell, without expansions: `credential_process` is started without a shell.
enum ShellWords {
    /// Splits a text at whitespace outside quotes; nil if a quote or a backslash is left open. Inside double quotes a
    /// backslash escapes a quote or another backslash (POSIX, "Shell Command Language", 2.2).
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch (character, quote) {
            case ("\\", nil), ("\\", "\""):
                guard let next = rest.popFirst() else { return nil }
                let isKept = quote != nil && next != "\"" && next != "\\"
                word = (word ?? "") + (isKept ? "\\\(next)" : "\(next)")
            case (quote, .some):
                quote = nil
            case ("'", nil), ("\"", nil):
                quote = character
                word = word ?? ""
            case (_, nil) where character.isWhitespace:
                if let complete = word { words.append(complete) }
                word = nil
            default:
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        if let word { words.append(word) }
        return words
    }
}

/// A shared configuration or credentials file: sections with keys and values, parsed like AWS's SDK for Python does.
///
/// Keys are lowercased. `#` and `;` begin a comment at the start of a line only. A line that is indented more than its
/// key continues the value.
struct ProfileFile: Sendable, Hashable {
    /// A line that cannot be parsed.
    struct ParseError: Error, Hashable {
        /// The line number, from 1.
        let line: Int
        let reason: String
    }

    typealias Section = [String: String]

    /// The sections by name, without brackets.
    private(set) var sections: [String: Section] = [:]
    /// The section names, in order.
    private(set) var names: [String] = []

    /// Makes an empty file, for a missing one.
    init() {}

    /// Parses a text.
    ///
    /// - Throws: ``ParseError`` for the first invalid line, and for duplicates.
    init(_ text: String) throws(ParseError) {
        var reader = Reader()
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            try reader.read(line, number: index + 1)
        }
        (sections, names) = reader.finish()
    }

    private struct Reader {
        private var sections: [String: [String: [String]]] = [:]
        private var names: [String] = []
        private var section: String?
        private var key: String?
        private var indentation = 0

        mutating func read(_ line: Substring, number: Int) throws(ParseError) {
            let text = line.trimmed
            guard !text.hasPrefix("#"), !text.hasPrefix(";") else { return }
            guard !text.isEmpty else {
                // Part of the value if the next line continues it.
                if let section, let key { sections[section]?[key]?.append("") }
                return
            }
            let depth = line.prefix(while: \.isWhitespace).count
            if let section, let key, depth > indentation {
                sections[section]?[key]?.append(String(text))
                return
            }
            indentation = depth
            if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
                try begin(String(text[text.index(after: text.startIndex)..<end]), number)
            } else {
                try set(text, number)
            }
        }

        private mutating func begin(_ name: String, _ number: Int) throws(ParseError) {
            guard !name.isEmpty else { throw ParseError(line: number, reason: "the section name is empty") }
            if sections[name] == nil {
                sections[name] = [:]
                names.append(name)
            } else if name != Self.defaults {
                throw ParseError(line: number, reason: "duplicate section [\(name)]")
            }
            (section, key) = (name, nil)
        }

        private mutating func set(_ text: Substring, _ number: Int) throws(ParseError) {
            guard let section else { throw ParseError(line: number, reason: "a key before the first section") }
            guard let separator = text.firstIndex(where: { $0 == "=" || $0 == ":" }), separator > text.startIndex else {
                throw ParseError(line: number, reason: "neither a section nor a key with a value")
            }
            let name = text[..<separator].trimmed.lowercased()
            guard sections[section]?[name] == nil else {
                throw ParseError(line: number, reason: "duplicate key \(name) in [\(section)]")
            }
            sections[section]?[name] = [String(text[text.index(after: separator)...].trimmed)]
            key = name
        }

        func finish() -> ([String: Section], [String]) {
            let joined = sections.mapValues { $0.mapValues(Self.value) }
            let defaults = joined[Self.defaults] ?? [:]
            return (
                joined.filter { $0.key != Self.defaults }.mapValues { defaults.merging($0) { _, own in own } },
                names.filter { $0 != Self.defaults }
            )
        }

        /// Python's rule: keys of this section apply to every section.
        private static let defaults = "DEFAULT"

        private static func value(_ lines: [String]) -> String {
            var lines = lines
            while lines.last?.isEmpty == true { lines.removeLast() }
            return lines.joined(separator: "\n")
        }
    }
}

extension Substring {
    /// The text without leading and trailing whitespace.
    var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

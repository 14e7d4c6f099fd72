/// A shared configuration or credentials file: sections with keys and values, read as AWS's SDK for Python reads it.
///
/// Keys are in lower case. `#` and `;` begin a comment at the start of a line only. A line that is indented more than its
/// key goes on with the value.
struct ProfileFile: Sendable, Hashable {
    /// Why a text is no such file.
    struct ParseError: Error, Hashable {
        /// The line, from 1.
        let line: Int
        let reason: String
    }

    typealias Section = [String: String]

    /// By their names, as the file has them, without brackets.
    private(set) var sections: [String: Section] = [:]
    /// The names of the sections, in order.
    private(set) var names: [String] = []

    /// No file at all.
    init() {}

    /// Reads a text.
    ///
    /// - Throws: ``ParseError`` for the first line that cannot be read, and for what is there twice.
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
                // It is part of the value if the next line goes on with that.
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
            guard !name.isEmpty else { throw ParseError(line: number, reason: "the name of the section is empty") }
            if sections[name] == nil {
                sections[name] = [:]
                names.append(name)
            } else if name != Self.defaults {
                throw ParseError(line: number, reason: "[\(name)] is there twice")
            }
            (section, key) = (name, nil)
        }

        private mutating func set(_ text: Substring, _ number: Int) throws(ParseError) {
            guard let section else { throw ParseError(line: number, reason: "it stands before the first section") }
            guard let separator = text.firstIndex(where: { $0 == "=" || $0 == ":" }), separator > text.startIndex else {
                throw ParseError(line: number, reason: "it is neither a section nor a key with a value")
            }
            let name = text[..<separator].trimmed.lowercased()
            guard sections[section]?[name] == nil else {
                throw ParseError(line: number, reason: "\(name) is there twice in [\(section)]")
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

        /// Python's own rule: what stands here counts in every section.
        private static let defaults = "DEFAULT"

        private static func value(_ lines: [String]) -> String {
            var lines = lines
            while lines.last?.isEmpty == true { lines.removeLast() }
            return lines.joined(separator: "\n")
        }
    }
}

extension Substring {
    /// Without white space around it.
    var trimmed: Substring {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

import JSON

extension Template {
    /// The maximum length of a template in bytes.
    package static let maximumLength = 4096
    /// The maximum number of filters of a placeholder.
    package static let maximumFilters = 8

    /// Parses a template.
    ///
    /// - Parameters:
    ///   - form: how values stand in the text, ahead of all filters.
    package init(
        parsing text: String, as form: ValueForm = .plain
    ) throws(TemplateError) {
        guard !text.isEmpty else {
            throw TemplateError(column: 1, problem: "empty text", fix: "Write a text, for example Alarm {$.name}.")
        }
        guard text.utf8.count <= Self.maximumLength else {
            throw TemplateError(
                column: 1, problem: "longer than \(Self.maximumLength) bytes", fix: "Write a shorter text.")
        }
        var parser = TemplateParser(text, form: form)
        self.init(pieces: try parser.parse())
    }
}

private struct TemplateParser {
    private var scanner: TemplateScanner
    private let form: ValueForm
    private var pieces: [Template.Piece] = []
    private var literal = String.UnicodeScalarView()

    init(_ text: String, form: ValueForm) {
        scanner = TemplateScanner(text)
        self.form = form
    }

    mutating func parse() throws(TemplateError) -> [Template.Piece] {
        while let scalar = scanner.current {
            if scalar == "{" || scalar == "}", scanner.next == scalar {
                literal.append(scalar)
                scanner.position += 2
            } else if scalar == "{" {
                endLiteral()
                pieces.append(try parsePlaceholder())
            } else if scalar == "}" {
                throw scanner.error("} without {", fix: "Write }} for a brace, or {$.name} for a value.")
            } else {
                literal.append(scalar)
                scanner.position += 1
            }
        }
        endLiteral()
        return pieces
    }

    private mutating func endLiteral() {
        guard !literal.isEmpty else { return }
        pieces.append(.text(String(literal)))
        literal = .init()
    }

    private mutating func parsePlaceholder() throws(TemplateError) -> Template.Piece {
        let opening = scanner.position
        scanner.position += 1
        let segment = try scanner.segment(openedAt: opening)
        guard !segment.text.isEmpty else {
            throw segment.error(
                "no path between { and }", fix: "Write a path, for example {$.name}; write {{ for a brace.")
        }
        if let value = ContextValue(word: segment.text), scanner.current == "}" {
            scanner.position += 1
            return .context(value)
        }
        let ahead = form.filters(isFirst: pieces.isEmpty)
        return .value(try parseFilters(of: Template.Placeholder(path: try path(segment), each: ahead), opening))
    }

    private mutating func parseFilters(
        of placeholder: Template.Placeholder, _ opening: Int
    ) throws(TemplateError) -> Template.Placeholder {
        var placeholder = placeholder
        var filters: [TextFilter] = []
        var hasJoin = false
        var count = 0
        while scanner.skip("|") {
            let segment = try scanner.segment(openedAt: opening)
            count += 1
            guard count <= Template.maximumFilters else {
                throw segment.error("more than \(Template.maximumFilters) filters", fix: "Remove filters.")
            }
            switch try TemplateFilter(parsing: segment) {
            case .text(let filter): filters.append(filter)
            case .join(let separator):
                guard !hasJoin else { throw segment.error("second join", fix: "Remove it: the values are one text.") }
                hasJoin = true
                placeholder.separator = separator
                placeholder.each += filters
                filters = []
            }
        }
        placeholder.joined = filters
        scanner.position += 1
        return placeholder
    }

    private func path(_ segment: TemplateScanner.Segment) throws(TemplateError) -> ItemPath {
        do throws(JSONPathError) {
            return try ItemPath(parsing: segment.text)
        } catch {
            throw TemplateError(
                column: segment.column + error.column - 1, problem: error.problem, fix: error.fix)
        }
    }
}

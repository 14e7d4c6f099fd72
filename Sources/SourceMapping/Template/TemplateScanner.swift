/// Splits a template into its parts, from left to right.
struct TemplateScanner {
    /// A path, or a filter with its argument, without the spaces around it.
    struct Segment {
        let text: String
        /// The position of the first character in the template, in Unicode scalars, from 1.
        let column: Int

        func error(_ problem: String, fix: String) -> TemplateError {
            TemplateError(column: column, problem: problem, fix: fix)
        }
    }

    private let scalars: [Unicode.Scalar]
    /// The index of the next Unicode scalar.
    var position = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var current: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    /// The scalar after the current one.
    var next: Unicode.Scalar? { position + 1 < scalars.count ? scalars[position + 1] : nil }

    /// Skips a scalar; false if another one, or none, is next.
    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    func error(_ problem: String, fix: String) -> TemplateError {
        TemplateError(column: position + 1, problem: problem, fix: fix)
    }

    /// The text up to the next `|` or `}` outside of quotes, which becomes the current scalar.
    ///
    /// - Parameter opening: the index of the placeholder's brace, for errors.
    mutating func segment(openedAt opening: Int) throws(TemplateError) -> Segment {
        let start = position
        while let scalar = current, scalar != "|", scalar != "}" {
            if scalar == "{" { throw error("{ within { }", fix: "Close the value with }; write {{ for a brace.") }
            if scalar == "\"" || scalar == "'" { try skipQuoted(scalar) } else { position += 1 }
        }
        guard current != nil else {
            position = opening
            throw error("{ without }", fix: "Close the value, for example {$.name}; write {{ for a brace.")
        }
        var (first, last) = (start, position)
        while first < last, scalars[first] == " " { first += 1 }
        while last > first, scalars[last - 1] == " " { last -= 1 }
        return Segment(text: String(String.UnicodeScalarView(scalars[first..<last])), column: first + 1)
    }

    private mutating func skipQuoted(_ quote: Unicode.Scalar) throws(TemplateError) {
        let opening = position
        position += 1
        while let scalar = current, scalar != quote { position += scalar == "\\" ? 2 : 1 }
        guard current != nil else {
            position = opening
            throw error("quote that is not closed", fix: "Close it with \(quote).")
        }
        position += 1
    }
}

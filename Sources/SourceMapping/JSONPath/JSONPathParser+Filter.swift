import JSON

extension JSONPathParser {
    /// Parses a comparison after `?` (RFC 9535, section 2.3.5).
    mutating func parseFilter() throws(JSONPathError) -> JSONPathFilter {
        cursor.skipBlanks()
        guard cursor.skip("@") else { throw invalidFilterStart() }
        let path = try parseFilterPath()
        let expectsEqual = try parseOperator()
        cursor.skipBlanks()
        let literal = try parseLiteral()
        cursor.skipBlanks()
        if let problem = unsupportedConnective() { throw problem }
        return JSONPathFilter(path: path, expectsEqual: expectsEqual, literal: literal)
    }

    private func invalidFilterStart() -> JSONPathError {
        let example = "Write a comparison such as [?@.name == 'text']"
        switch cursor.current {
        case UInt8(ascii: "("): return cursor.error("Parentheses in a filter are not supported", "Remove them")
        case UInt8(ascii: "!"): return cursor.error("The operator ! is not supported", "Compare with !=")
        case UInt8(ascii: "$"):
            return cursor.error("A filter compares a value of the element, not of the document", "Write @ instead of $")
        default:
            return isAtFunction
                ? unsupportedFunction(at: cursor.position) : cursor.error("A filter begins with @", example)
        }
    }

    /// Whether a function's name and an opening parenthesis follow.
    private var isAtFunction: Bool {
        var cursor = cursor
        cursor.skipNameCharacters()
        return cursor.position > self.cursor.position && cursor.current == UInt8(ascii: "(")
    }

    /// Parses the names and indices after `@`, and the white space after them.
    private mutating func parseFilterPath() throws(JSONPathError) -> [JSONPathSegment] {
        var segments: [JSONPathSegment] = []
        cursor.skipBlanks()
        while cursor.current == UInt8(ascii: ".") || cursor.current == UInt8(ascii: "[") {
            try checkCount(of: segments)
            segments.append(try parseSegment(in: .filter))
            cursor.skipBlanks()
        }
        return segments
    }

    /// Parses `==` (true) or `!=` (false).
    private mutating func parseOperator() throws(JSONPathError) -> Bool {
        if cursor.skip("==") { return true }
        if cursor.skip("!=") { return false }
        switch cursor.current {
        case UInt8(ascii: "="): throw cursor.error("A single = is not a comparison", "Write ==")
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            throw cursor.error("Comparing with < or > is not supported", "Write == or !=")
        case UInt8(ascii: "]"), UInt8(ascii: ","):
            throw cursor.error(
                "Testing whether a value exists is not supported", "Compare it, such as [?@.name == true]")
        case nil: throw cursor.error("The filter is not complete", "Write == or != and a literal, and close it with ]")
        default:
            throw unsupportedConnective() ?? cursor.error("A comparison is missing after the path", "Write == or !=")
        }
    }

    /// The error if the filter goes on with `&&`, `||` or a closing parenthesis.
    private func unsupportedConnective() -> JSONPathError? {
        switch cursor.current {
        case UInt8(ascii: "&"), UInt8(ascii: "|"):
            cursor.error("Combining comparisons with && or || is not supported", "Write one comparison in a filter")
        case UInt8(ascii: ")"): cursor.error("Parentheses in a filter are not supported", "Remove them")
        case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"):
            cursor.error("A second operator follows", "Write one comparison in a filter")
        default: nil
        }
    }

    // MARK: Literals

    private mutating func parseLiteral() throws(JSONPathError) -> JSONPathFilter.Literal {
        switch cursor.current {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(UTF8Text(try parseString()))
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .number(try parseNumber())
        case UInt8(ascii: "@"), UInt8(ascii: "$"):
            throw cursor.error("Comparing two values of the document is not supported", "Compare with a literal")
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            throw cursor.error("Arrays and objects cannot be compared", "Compare a member or an element of them")
        default: return try parseWord()
        }
    }

    /// Parses `true`, `false` or `null`.
    private mutating func parseWord() throws(JSONPathError) -> JSONPathFilter.Literal {
        if isAtFunction { throw unsupportedFunction(at: cursor.position) }
        let start = cursor.position
        cursor.skipNameCharacters()
        let word = cursor.bytes[start..<cursor.position]
        if word.elementsEqual("true".utf8) { return .bool(true) }
        if word.elementsEqual("false".utf8) { return .bool(false) }
        if word.elementsEqual("null".utf8) { return .null }
        throw cursor.error(
            word.isEmpty ? "A literal is missing after the operator" : "The text on the right is not a literal",
            "Write a string in quotes, a number, true, false or null", at: start)
    }

    /// Parses a number in JSON's grammar.
    private mutating func parseNumber() throws(JSONPathError) -> DecimalNumber {
        let start = cursor.position
        _ = cursor.skip("-")
        let whole = cursor.position
        var isValid = cursor.skipDigits() > 0
        if isValid, cursor.bytes[whole] == UInt8(ascii: "0") { isValid = cursor.position == whole + 1 }
        if isValid, cursor.skip(".") { isValid = cursor.skipDigits() > 0 }
        if isValid, cursor.skip("e") || cursor.skip("E") {
            _ = cursor.skip("+") || cursor.skip("-")
            isValid = cursor.skipDigits() > 0
        }
        guard isValid else {
            throw cursor.error("The number is malformed", "Write it as in JSON, such as 10, -1.5 or 1e3", at: start)
        }
        guard cursor.position - start <= 64, let number = DecimalNumber(cursor.bytes[start..<cursor.position]) else {
            throw cursor.error("The number is too long, or its exponent is too large", "Shorten it", at: start)
        }
        return number
    }
}

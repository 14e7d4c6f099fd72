import JSON

/// Parses paths. Every function reads from the cursor's position and leaves it after what it parsed.
struct JSONPathParser {
    /// Where a segment stands.
    enum Place {
        /// In the path itself.
        case path
        /// In the path of a filter, which selects one value.
        case filter
    }

    var cursor: JSONPathCursor

    init(_ text: String) { cursor = JSONPathCursor(text) }

    /// Parses the whole text.
    mutating func parsePath() throws(JSONPathError) -> [JSONPathSegment] {
        guard cursor.skip("$") else { throw missingRoot() }
        var segments: [JSONPathSegment] = []
        while cursor.current != nil {
            let start = cursor.position
            cursor.skipBlanks()
            guard cursor.current != nil else {
                throw cursor.error("The path ends with white space", "Remove it", at: start)
            }
            try checkCount(of: segments)
            segments.append(try parseSegment(in: .path))
        }
        return segments
    }

    private func missingRoot() -> JSONPathError {
        switch cursor.current {
        case nil: cursor.error("The path is empty", "Write $ for the whole value, or $.name for a member")
        case _ where cursor.isAtBlank: cursor.error("The path begins with white space", "Remove it")
        case UInt8(ascii: "@"): cursor.error("@ is valid only in a filter", "Begin the path with $")
        default: cursor.error("A path begins with $", "Write $.name for a member")
        }
    }

    /// Checks that another segment may follow.
    func checkCount(of segments: [JSONPathSegment]) throws(JSONPathError) {
        guard segments.count < JSONPath.maximumSegments else {
            throw cursor.error(
                "The path has more than \(JSONPath.maximumSegments) segments", "Write a shorter path")
        }
    }

    /// Parses a segment that begins with a dot or a bracket.
    mutating func parseSegment(in place: Place) throws(JSONPathError) -> JSONPathSegment {
        if cursor.skip(".") { return .name(try parseDotName(in: place)) }
        if cursor.skip("[") { return try parseBracket(in: place) }
        throw cursor.error(
            "Neither a dot nor a bracket follows", "Write .name for a member, [0] for an element or [*] for all")
    }

    // MARK: Brackets

    /// Parses the rest of a segment in brackets.
    private mutating func parseBracket(in place: Place) throws(JSONPathError) -> JSONPathSegment {
        try skipBlanksInBracket(in: place)
        let segment = try parseSelector(in: place)
        try skipBlanksInBracket(in: place)
        switch cursor.current {
        case UInt8(ascii: "]"):
            cursor.position += 1
            return segment
        case UInt8(ascii: ","):
            throw cursor.error(
                "Several selectors in one bracket are not supported", "Write one name, index, * or filter")
        case UInt8(ascii: ":"): throw unsupportedSlice()
        case nil: throw cursor.error("The bracket is not closed", "Write ]")
        default: throw cursor.error("Unexpected text follows in the bracket", "Write ] here, or put a name in quotes")
        }
    }

    /// RFC 9535 allows white space in the brackets of a path, but not in those of the path of a comparison.
    private mutating func skipBlanksInBracket(in place: Place) throws(JSONPathError) {
        guard place == .filter else {
            cursor.skipBlanks()
            return
        }
        if cursor.isAtBlank {
            throw cursor.error("White space is not allowed in a bracket in a filter", "Remove it")
        }
    }

    private mutating func parseSelector(in place: Place) throws(JSONPathError) -> JSONPathSegment {
        switch (cursor.current, place) {
        case (UInt8(ascii: "'"), _), (UInt8(ascii: "\""), _): return .name(UTF8Text(try parseString()))
        case (UInt8(ascii: "-"), _), (.some(UInt8(ascii: "0")...UInt8(ascii: "9")), _): return .index(try parseIndex())
        case (UInt8(ascii: "*"), .path):
            cursor.position += 1
            return .allElements
        case (UInt8(ascii: "?"), .path):
            cursor.position += 1
            return .filter(try parseFilter())
        case (UInt8(ascii: "*"), .filter), (UInt8(ascii: "?"), .filter):
            throw cursor.error(
                "A filter compares one value, but this selects several", "Write a name or an index, such as [0]")
        default: throw invalidSelector()
        }
    }

    private func invalidSelector() -> JSONPathError {
        switch cursor.current {
        case nil: cursor.error("The bracket is not closed", "Write ['name'], [0], [*] or a filter")
        case UInt8(ascii: "]"): cursor.error("The bracket is empty", "Write ['name'], [0], [*] or a filter")
        case UInt8(ascii: ":"): unsupportedSlice()
        case UInt8(ascii: "("):
            cursor.error("Scripts such as [(@.length-1)] are not supported", "Write [-1] for the last element")
        case UInt8(ascii: "@"), UInt8(ascii: "$"):
            cursor.error("A bracket cannot contain a path", "Write a filter, such as [?@.name == 'text']")
        default: cursor.error("Unexpected text in the bracket", "Put a name in quotes, such as ['name']")
        }
    }

    private func unsupportedSlice() -> JSONPathError {
        cursor.error("Slices such as [0:2] are not supported", "Write [0] for one element, or [*] for all")
    }

    /// Parses an index: an integer without leading zeros, in the range of RFC 9535 (section 2.1).
    private mutating func parseIndex() throws(JSONPathError) -> Int {
        let start = cursor.position
        _ = cursor.skip("-")
        let digits = cursor.position
        guard cursor.skipDigits() > 0 else {
            throw cursor.error("A digit must follow the minus sign", "Write [-1] for the last element")
        }
        if cursor.bytes[digits] == UInt8(ascii: "0"), cursor.position > start + 1 {
            throw cursor.error(
                "An index has no leading zeros, and -0 does not exist", "Write [0] or [-1], for example", at: start)
        }
        guard let index = Int(cursor.text(from: start)), abs(index) < 1 << 53 else {
            throw cursor.error("The index is out of range", "Write an index from 0, or from -1 down", at: start)
        }
        return index
    }
}

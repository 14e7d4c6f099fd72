extension Parser {
    /// The maximum number of names in an object that are compared with each other.
    private static let comparedNames = 32

    /// Checks the text without building its value. Accepts and rejects the same texts as `parseText()`, with the same
    /// errors.
    ///
    /// - Returns: the range of the value, without surrounding whitespace.
    mutating func checkText() throws(JSONError) -> Range<Int> {
        skipWhitespace()
        let start = position
        try checkValue(depth: 0)
        let end = position
        skipWhitespace()
        guard position == bytes.count else { throw error(.trailingBytes) }
        return start..<end
    }

    private mutating func checkValue(depth: Int) throws(JSONError) {
        switch try startValue() {
        case UInt8(ascii: "{"): try checkObject(depth: depth + 1)
        case UInt8(ascii: "["): try checkArray(depth: depth + 1)
        case UInt8(ascii: "\""): _ = try checkString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try skipNumber()
        default: _ = try parseWord()
        }
    }

    private mutating func checkArray(depth: Int) throws(JSONError) {
        guard try open(depth: depth, end: UInt8(ascii: "]")) else { return }
        repeat {
            skipWhitespace()
            try checkValue(depth: depth)
        } while try !parseEnd(UInt8(ascii: "]"))
    }

    private mutating func checkObject(depth: Int) throws(JSONError) {
        guard try open(depth: depth, end: UInt8(ascii: "}")) else { return }
        let first = names.count
        // Of an object with many names, or with names that have escapes.
        var texts: Set<UTF8Text>?
        repeat {
            skipWhitespace()
            guard let quote = current else { throw error(.unexpectedEnd) }
            guard quote == UInt8(ascii: "\"") else { throw error(.unexpectedByte) }
            try checkName(first: first, &texts)
            skipWhitespace()
            try expect(UInt8(ascii: ":"))
            skipWhitespace()
            try checkValue(depth: depth)
        } while try !parseEnd(UInt8(ascii: "}"))
        names.removeSubrange(first...)
    }

    /// Moves past an opening bracket.
    ///
    /// - Returns: false if the end follows, after moving past it.
    private mutating func open(depth: Int, end: UInt8) throws(JSONError) -> Bool {
        guard depth <= limits.depth else { throw error(.tooDeep) }
        position += 1
        skipWhitespace()
        guard current == end else { return true }
        position += 1
        return false
    }

    /// Checks that no other member of the object has the name.
    ///
    /// - Parameters:
    ///   - first: the index of the object's first name.
    ///   - texts: the object's names, once they are too many to be compared with each other.
    private mutating func checkName(first: Int, _ texts: inout Set<UTF8Text>?) throws(JSONError) {
        let start = position
        if let name = try checkString(), texts == nil, names.count - first < Self.comparedNames {
            guard !names[first...].contains(where: { isEqual($0, name) }) else { throw error(.duplicateName) }
            names.append(name)
            return
        }
        var known = texts ?? []
        if texts == nil { for name in names[first...] { known.insert(UTF8Text(try text(name))) } }
        let end = position
        position = start
        guard known.insert(UTF8Text(try parseString())).inserted else { throw error(.duplicateName) }
        position = end
        texts = known
    }

    private func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        let bytes = bytes.span
        for offset in 0..<left.count where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] {
            return false
        }
        return true
    }

    /// The content of a string; nil if it has escapes.
    private mutating func checkString() throws(JSONError) -> Range<Int>? {
        let start = position + 1
        guard let content = try skipPlainString() else {
            _ = try parseEscapedString(from: start)
            return nil
        }
        if !isASCII(content) { _ = try text(content) }
        return content
    }

    private func isASCII(_ range: Range<Int>) -> Bool {
        let bytes = bytes.span
        var all: UInt8 = 0
        for index in range { all |= bytes[index] }
        return all < 0x80
    }
}

import JSON

@testable import SourceMapping

/// Makes random documents and paths that are likely to meet: both use the same few names and values.
struct RandomJSONPath<Generator: RandomNumberGenerator> {
    var generator: Generator

    private static var names: [String] {
        ["a", "b", "ab", "x-y", "é", "e\u{301}", "", "0", "it's", "\"", "a.b", "\n", "😀"]
    }
    private static var texts: [String] { ["", "a", "b", "1", "true", "null", "é", "e\u{301}", "it's", "\\", "\u{0}"] }
    /// Each has an exact value as an `Int` or a `Double`, because the public implementation compares those.
    private static var numbers: [String] {
        ["0", "-0", "1", "1.0", "10e-1", "-1", "2.5", "25e-1", "0.25E1", "1e2", "100", "9007199254740991", "1e20"]
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    private mutating func chance(_ part: Int, of whole: Int) -> Bool {
        Int.random(in: 0..<whole, using: &generator) < part
    }

    // MARK: Documents

    mutating func document(depth: Int = 4) -> JSON {
        if depth > 0, chance(4, of: 5) {
            let count = Int.random(in: 0...4, using: &generator)
            if chance(3, of: 5) { return .array((0..<count).map { _ in document(depth: depth - 1) }) }
            var members: JSON.Members = [:]
            for _ in 0..<count { members[pick(Self.names)] = document(depth: depth - 1) }
            return .object(members)
        }
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return nil
        case 1: return .bool(chance(1, of: 2))
        case 2: return .string(pick(Self.texts))
        default: return .number(pick(Self.numbers))
        }
    }

    // MARK: Paths

    mutating func path() -> String {
        var path = "$"
        for _ in 0..<Int.random(in: 0...5, using: &generator) { path += blanks() + segment() }
        return path
    }

    private mutating func blanks() -> String { chance(1, of: 8) ? pick([" ", "\t", "\n", "\r", "  "]) : "" }

    private mutating func segment() -> String {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0..<3: "[\(blanks())*\(blanks())]"
        case 3: "[\(blanks())?\(blanks())@\(filterPath())\(comparison())\(blanks())]"
        case 4..<6: "[\(blanks())\(Int.random(in: -4...4, using: &generator))\(blanks())]"
        default:
            chance(1, of: 2)
                ? ".\(pick(["a", "b", "ab", "é", "e\u{301}"]))" : "[\(blanks())\(quoted(pick(Self.names)))]"
        }
    }

    private mutating func filterPath() -> String {
        var path = ""
        for _ in 0..<Int.random(in: 0...2, using: &generator) {
            path += blanks()
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: path += "[\(Int.random(in: -2...2, using: &generator))]"
            case 1: path += ".\(pick(["a", "b", "ab", "é"]))"
            default: path += "[\(quoted(pick(Self.names)))]"
            }
        }
        return path
    }

    private mutating func comparison() -> String {
        let literal =
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: pick(["true", "false", "null"])
            case 1: quoted(pick(Self.texts))
            default: pick(Self.numbers)
            }
        return blanks() + pick(["==", "!="]) + blanks() + literal
    }

    private mutating func quoted(_ text: String) -> String {
        let quote: Unicode.Scalar = chance(1, of: 2) ? "'" : "\""
        var quoted = String(Character(quote))
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\": quoted += "\\\(scalar)"
            case "\n": quoted += pick([#"\n"#, #"\u000a"#, #"\u000A"#])
            case "\u{0}": quoted += #"\u0000"#
            case "😀": quoted += pick(["😀", #"\uD83D\uDE00"#, #"\ud83d\ude00"#])
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + String(Character(quote))
    }

    /// Changes one to three characters of a path.
    mutating func damaged(_ path: String) -> String {
        var scalars = Array(path.unicodeScalars)
        let inserted: [Unicode.Scalar] = [
            "$", "@", ".", "[", "]", "?", "*", "'", "\"", "\\", "=", "!", "<", "&", "|", "(", ")", ",", ":", "-", "0",
            "1",
            "e", "a", "u", " ", "\n", "\u{0}", "é", "{", "+", "/", "_",
        ]
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let index = Int.random(in: 0...scalars.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0 where index < scalars.count: scalars.remove(at: index)
            case 1 where index < scalars.count: scalars[index] = pick(inserted)
            default: scalars.insert(pick(inserted), at: index)
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

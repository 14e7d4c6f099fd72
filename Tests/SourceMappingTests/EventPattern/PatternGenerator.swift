import JSON
import TestSupport

/// Generates patterns and events over few names and values, so that many of them match.
struct PatternGenerator {
    var random: SeededGenerator
    var depth = 0

    private static let texts = [
        "", "a", "ab", "aB", "Ab", "b", "ba", "*", "a*b", "\\", "ä", "Äb", "x.png", "300", "true", "null", "a\u{0}",
        "10.0.0.1", "10.0.1.255", "10.0.0", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "\u{202E}a",
    ]
    private static let numbers = ["2", "2.0", "20e-1", "300", "3E2", "-1.5", "0.5", "299.999999", "5000000000"]

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func text() -> JSON { .string(pick(Self.texts)) }
    private mutating func number() -> JSON { .number(pick(Self.numbers)) }

    private mutating func scalar() -> JSON {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: nil
        case 1: .bool(chance(50))
        case 2...4: number()
        default: text()
        }
    }

    private mutating func list(_ count: ClosedRange<Int>, of element: (inout Self) -> JSON) -> JSON {
        .array((0..<Int.random(in: count, using: &random)).map { _ in element(&self) })
    }

    /// An object whose members may be missing, of another type or in arrays.
    mutating func event() -> JSON {
        depth += 1
        defer { depth -= 1 }
        var members = JSON.Members()
        for name in ["a", "b", "c"] where chance(75) { members[UTF8Text(name)] = value() }
        return .object(members)
    }

    private mutating func value() -> JSON {
        if depth < 3, chance(25) { return event() }
        if depth < 3, chance(8) { return list(0...3) { $0.chance(70) ? $0.event() : $0.value() } }
        return chance(25) ? list(0...3) { $0.scalar() } : scalar()
    }

    mutating func pattern() -> JSON {
        depth += 1
        defer { depth -= 1 }
        var members = JSON.Members()
        for name in ["a", "b", "c"] where chance(40) {
            members[UTF8Text(name)] = depth < 3 && chance(35) ? pattern() : list(1...3) { $0.test() }
        }
        if depth < 4, chance(15) { members["$or"] = list(2...3) { $0.pattern() } }
        if members.isEmpty { members["a"] = list(1...3) { $0.test() } }
        return .object(members)
    }

    private mutating func test() -> JSON {
        switch Int.random(in: 0..<16, using: &random) {
        case 0: ["prefix": text()]
        case 1: ["suffix": text()]
        case 2: ["equals-ignore-case": text()]
        case 3: ["prefix": ["equals-ignore-case": text()]]
        case 4: ["suffix": ["equals-ignore-case": text()]]
        case 5: ["wildcard": .string(pick(["a*", "*b", "*", "a*b", "*.*", "\\*", "a\\*b", "\\\\", "*a*b*", ""]))]
        case 6: ["exists": .bool(chance(50))]
        case 7:
            ["cidr": .string(pick(["10.0.0.0/24", "10.0.0.0/23", "10.0.0.0/31", "2001:db8::/32", "2001:db8::/127"]))]
        case 8: numeric()
        case 9, 10: ["anything-but": anythingBut()]
        default: scalar()
        }
    }

    private mutating func numeric() -> JSON {
        if chance(50) { return ["numeric": [.string(pick(["=", "<", "<=", ">", ">="])), number()]] }
        let (lower, upper) = pick([("-1.5", "2"), ("0.5", "300.0"), ("2", "5e9"), ("-5e9", "299.999999")])
        let comparisons = (pick([">", ">="]), pick(["<", "<="]))
        return ["numeric": [.string(comparisons.0), .number(lower), .string(comparisons.1), .number(upper)]]
    }

    private mutating func anythingBut() -> JSON {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: text()
        case 1: number()
        case 2: list(1...3) { $0.text() }
        case 3: list(1...3) { $0.number() }
        default:
            .object([
                UTF8Text(pick(["prefix", "suffix", "equals-ignore-case"])): chance(50)
                    ? .string("a") : ["a", "Ä", "b"]
            ])
        }
    }
}

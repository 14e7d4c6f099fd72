import JSON
import TestSupport

/// Random items and texts for property tests.
struct RandomJSON {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(in: 0...elements.count - 1)] }

    /// A text of hostile pieces.
    mutating func text(maximumPieces: Int = 6) -> String {
        let pieces = [
            "a", "B", "ß", "ŉ", "İ", "e\u{301}\u{323}", "\u{202E}", "\0", "\n", "🙂", "🇩🇪", "👩‍👩‍👧", "{", "}", "|", "'", "\"",
            "\\", "$", ".", "[*]",
            "x/y", "%", ",", " ", "1", "-", "e9", "Z", "\u{FFFF}", "\u{10FFFF}", "ﬃ", "upper", "cut:", "join:", "{$.a",
        ]
        return (0..<number(in: 0...maximumPieces)).map { _ in pick(pieces) }.joined()
    }

    mutating func numberText() -> String {
        let exponent = number(in: 0...2) == 0 ? "e\(number(in: -400...400))" : ""
        let fraction = number(in: 0...1) == 0 ? ".\(number(in: 0...999_999))" : ""
        return "\(pick([0, number(in: -9...9), number(in: 0...2_000_000_000_000)]))\(fraction)\(exponent)"
    }

    /// A value with members `a` to `c`.
    mutating func value(depth: Int = 3) -> JSON {
        switch number(in: 0...(depth > 0 ? 9 : 6)) {
        case 0: .null
        case 1: .bool(number(in: 0...1) == 0)
        case 2: .number(numberText())
        case 3: .string(numberText())
        case 4: "2026-06-10T12:20:15Z"
        case 5, 6: .string(text())
        case 7: .array((0..<number(in: 0...4)).map { _ in value(depth: depth - 1) })
        default:
            .object(
                JSON.Members(
                    ["a", "b", "c"].filter { _ in number(in: 0...3) > 0 }.map {
                        (UTF8Text($0), value(depth: depth - 1))
                    },
                    uniquingKeysWith: { $1 }))
        }
    }
}

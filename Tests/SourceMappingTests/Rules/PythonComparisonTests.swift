import Encoding
import JSON
import TestSupport
import Testing

@testable import SourceMapping

/// Comparisons with Python's standard library.
@Suite("Agreement with Python")
struct PythonComparisonTests {
    private func seed(_ name: String) -> UInt64 {
        let seed = UInt64.random(in: 0 ... .max)
        print("The seed of \(name) is \(seed).")
        return seed
    }

    /// Runs a script that maps each line of its input to a line of output.
    private func python(_ script: String, lines: [String]) async throws -> [Substring] {
        let input = Array(lines.joined(separator: "\n").utf8)
        return try await Program.python(script, input: input).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast()
    }

    @Test("decimal numbers compare and scale like decimal.Decimal")
    func decimals() async throws {
        var random = RandomJSON(seed: seed("decimals"))
        let pairs = (0..<5000).map { _ in
            let left = random.numberText()
            return (left, random.pick([left, left + (left.contains("e") ? "" : "e0"), random.numberText()]))
        }
        let lines = try await python(
            """
            import sys, decimal
            decimal.getcontext().prec = 1000
            def scaled(n): return max(-(2**63 - 1), min(2**63 - 1, int(n * 1000)))
            for line in sys.stdin:
                a, b = map(decimal.Decimal, line.split())
                print((a > b) - (a < b), scaled(a))
            """, lines: pairs.map { "\($0) \($1)" })
        try #require(lines.count == pairs.count)
        for (pair, line) in zip(pairs, lines) {
            let (left, right) = (try #require(DecimalNumber(pair.0)), try #require(DecimalNumber(pair.1)))
            let order = left < right ? -1 : left == right ? 0 : 1
            #expect("\(order) \(left.scaled(byPowerOfTen: 3))" == line, "\(pair)")
        }
    }

    @Test("ISO 8601 with an offset is read like datetime.fromisoformat")
    func times() async throws {
        var random = RandomJSON(seed: seed("times"))
        func digits(_ number: Int, _ count: Int) -> String {
            String(repeating: "0", count: max(count - String(number).count, 0)) + String(number)
        }
        let texts = (0..<5000).map { _ in
            let year = random.pick([random.number(in: 1900...2100), 2000, 2024])
            let date = "\(year)-\(digits(random.number(in: 0...13), 2))-\(digits(random.number(in: 0...32), 2))"
            let time = "\(digits(random.number(in: 0...23), 2)):\(digits(random.number(in: 0...60), 2)):59"
            let fraction = random.pick(["", ".1", ".12", ".123", ".123456", ".999999"])
            let hour = digits(random.number(in: 0...17), 2)
            let offset = random.pick(["Z", "+00:00", "+\(hour)30", "-\(hour):59"])
            return date + random.pick(["T", " "]) + time + fraction + offset
        }
        let lines = try await python(
            """
            import sys, datetime
            epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
            for line in sys.stdin:
                try:
                    t = datetime.datetime.fromisoformat(line.rstrip("\\n"))
                    print((t - epoch) // datetime.timedelta(milliseconds=1) if t >= epoch and t.year >= 1970 else None)
                except ValueError: print(None)
            """, lines: texts)
        try #require(lines.count == texts.count)
        let rule = TimeRule(path: try ItemPath(parsing: "$"), format: .iso8601)
        for (text, line) in zip(texts, lines) {
            let time = try rule.time(of: .string(text), receivedAt: .latest)?.time
            #expect(time.map { "\($0.milliseconds)" } ?? "None" == line, "\(text)")
        }
    }

    @Test("the parts of IDs are decoded by urllib.parse.unquote")
    func identities() async throws {
        var random = RandomJSON(seed: seed("identities"))
        let lists = (0..<2000).map { _ in (0..<random.number(in: 1...3)).map { _ in random.text(maximumPieces: 2) } }
        let lines = try await python(
            """
            import sys, json, urllib.parse
            for line in sys.stdin:
                parts = line.rstrip("\\n").split("/")[1:]
                print(json.dumps([urllib.parse.unquote(part, errors="strict") for part in parts]))
            """, lines: lists.map { mappedID(parts: $0) })
        try #require(lines.count == lists.count)
        for (list, line) in zip(lists, lines) {
            #expect(try JSON(parsing: String(line)) == .array(list.map(JSON.string)))
        }
    }
}

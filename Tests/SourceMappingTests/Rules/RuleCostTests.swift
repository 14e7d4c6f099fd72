import Encoding
import JSON
import SecurityFindings
import TestSupport
import Testing

@testable import SourceMapping

/// How the cost grows if the input grows fourfold: linear is 4, quadratic 16.
@Suite("Cost of rules")
struct RuleCostTests {
    private static func marks(_ size: Int) -> String { "a" + String(repeating: "\u{301}\u{323}", count: size / 4) }

    private func expectLinear(_ size: Int, _ work: (Int) throws -> () -> Void) rethrows {
        let (small, large) = (try work(size), try work(size * 4))
        #expect(CPUTime.ratio(of: small, to: large) < 8)
    }

    @Test("parsing a template is linear")
    func templates() throws {
        for piece in ["{{", "{$.a|cut:1}", "\u{301}\u{323}", "{$['\u{301}}'] | upper | join:'\u{301}|'}"] {
            expectLinear(1000) { size in
                let text = String(repeating: piece, count: size / piece.utf8.count)
                return { for _ in 0..<50 { _ = try? Template(parsing: text) } }
            }
        }
    }

    @Test("expanding a template is linear in the limit and in the values")
    func expansion() throws {
        for text in ["{$.a}", "{$.a|upper}", "{$.b[*]}", "{$.b[*]|lower|join:\"\"|upper|cut:32768}"] {
            let template = try Template(parsing: text)
            expectLinear(10_000) { size in
                let item: JSON = [
                    "a": .string(Self.marks(size)),
                    "b": .array(Array(repeating: .string(Self.marks(40)), count: size / 40)),
                ]
                return { for _ in 0..<3 { _ = try? template.expand(item, limit: size) } }
            }
        }
    }

    @Test("a long value costs no more than its bounded part")
    func bounded() throws {
        let template = try Template(parsing: "{$.a|upper|cut:100}{$.a|lower}")
        let items: [JSON] = [10_000, 1_000_000].map { ["a": .string(Self.marks($0))] }
        let ratio = CPUTime.ratio(
            of: { for _ in 0..<50 { _ = try? template.expand(items[0], limit: 1000) } },
            to: { for _ in 0..<50 { _ = try? template.expand(items[1], limit: 1000) } })
        #expect(ratio < 2)
    }

    @Test("severities, times and IDs of long values are linear")
    func values() throws {
        let path = try ItemPath(parsing: "$")
        let map = SeverityRule(path: path, scale: .map(["x": .low], default: .high))
        let time = TimeRule(path: path, format: .iso8601)
        expectLinear(50_000) { size in
            let item = JSON.string(Self.marks(size))
            return {
                for _ in 0..<10 {
                    _ = try? map.severity(of: item)
                    _ = try? time.time(of: item, receivedAt: .latest)
                    _ = mappedID(parts: [Self.marks(size)])
                }
            }
        }
    }

    @Test("an object with many unknown keys of marks is linear")
    func unknownKeys() {
        enum Key: String, CaseIterable { case path }
        expectLinear(20_000) { size in
            let members = (0..<size / 50).map { (UTF8Text("\(Self.marks(40))\($0)"), JSON.null) }
            let tree = JSON.object(JSON.Members(uniqueKeysWithValues: members))
            return {
                var errors = MappingErrors()
                for _ in 0..<5 { _ = TreeReader(tree).object(Key.self, example: "", errors: &errors) }
            }
        }
    }
}

import JSON
import TestSupport
import Testing

@testable import SourceMapping

/// How the cost of untrusted input grows if the input grows fourfold: linear is 4, quadratic 16.
@Suite("Cost of paths and CEF")
struct PathCostTests {
    struct Work: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Creates the work for an input of about this many bytes.
        let make: @Sendable (Int) -> () -> Void

        init(_ name: String, _ make: @escaping @Sendable (Int) -> () -> Void) {
            (testDescription, self.make) = (name, make)
        }
    }

    private static func marks(_ size: Int) -> String { "a" + String(repeating: "\u{301}\u{323}", count: size / 4) }

    private static func path(_ name: String, _ path: String, _ document: @escaping @Sendable (Int) -> JSON) -> Work {
        Work("JSONPath: \(name)") { size in
            let document = document(size)
            return { for _ in 0..<5 { _ = try? JSONPath(parsing: path).nodes(in: document, limit: .max) } }
        }
    }

    private static func cef(
        _ name: String, header: String = "CEF:0|a|b|c|d|e|5|", _ text: @escaping @Sendable (Int) -> String
    )
        -> Work
    {
        Work("CEF: \(name)") { size in
            let text = header + text(size)
            return { for _ in 0..<5 { _ = try? CEFMessage.decode(text) } }
        }
    }

    static let works: [Work] = [
        path("elements", "$[*]") { .array(.init(repeating: 1, count: $0)) },
        path("elements of elements", "$[*][*][*]") { .array(.init(repeating: [[1, 2, 3], [], [4]], count: $0 / 5)) },
        path("a filter", "$[?@.a[0] == 'b']") { .array(.init(repeating: ["a": ["c"]], count: $0 / 3)) },
        path("texts of marks", "$[?@ == 'a\u{301}']") { [.string(marks($0 * 20))] },
        path("numbers", "$[?@ == 1e999999]") { .array(.init(repeating: .number("1e-999999"), count: $0 / 10)) },
        cef("fields of marks") { "a=\(marks($0)) b=\(marks($0))" },
        cef("spaces") { "a=" + String(repeating: " ", count: $0) + "b=c" },
        cef("words") { "a=" + String(repeating: "a ", count: $0 / 2) },
        cef("words without a key") { String(repeating: "a ", count: $0 / 2) },
        cef("equals signs") { "a=" + String(repeating: "=", count: $0) },
        cef("fields") { size in String(repeating: "a= ", count: 900) + String(repeating: "x", count: size) },
        cef("backslashes") { "a=" + String(repeating: "\\", count: $0) },
        cef("escapes") { "a=" + String(repeating: "\\=", count: $0 / 2) },
        cef("line breaks") { "a=" + String(repeating: "\n", count: $0) + "b" },
        cef("lines that resemble messages") { "a=" + String(repeating: "\n CEF: 0", count: $0 / 8) },
        cef("line breaks at the end") { "a=b" + String(repeating: "\r\n", count: $0 / 2) },
        cef("header of backslashes", header: "CEF:0|") { String(repeating: "\\|", count: $0 / 2) + "|a|b|c|d|e|" },
        cef("header that does not end", header: "CEF:0|") { String(repeating: "a", count: $0) },
        cef("spaces before the version", header: "CEF:") { String(repeating: " ", count: $0) },
        cef("structured data", header: "<1>1 - - - - - [a b=\"") { String(repeating: "\\\"", count: $0 / 2) },
        cef("many elements", header: "<1>1 - - - - - ") { String(repeating: "[a]", count: $0 / 3) },
        cef("digits", header: "") { String(repeating: "1", count: $0) },
        cef("a long host", header: "<1>") { String(repeating: "a", count: $0) + " CEF:0|a|b|c|d|e|5|" },
    ]

    @Test("four times the input costs far less than sixteen times as much", arguments: works)
    func linear(work: Work) {
        let (small, large) = (work.make(5000), work.make(20_000))
        #expect(CPUTime.ratio(of: small, to: large) < 9)
    }
}

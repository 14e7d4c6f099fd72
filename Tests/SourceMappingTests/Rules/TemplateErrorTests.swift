import Testing

@testable import SourceMapping

@Suite("Errors of templates")
struct TemplateErrorTests {
    private func error(_ text: String) -> TemplateError? {
        do throws(TemplateError) {
            _ = try Template(parsing: text)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "an invalid template is rejected with the column",
        arguments: [
            ("", 1, "empty text"), ("a {$.b", 3, "{ without }"), ("a } b", 3, "} without {"),
            ("é{}", 3, "no path between { and }"), ("{  }", 4, "no path between { and }"),
            ("{|upper}", 2, "no path between { and }"), ("{$.a{b}", 5, "{ within { }"), ("{$.a|", 1, "{ without }"),
            ("{$.a|upper", 1, "{ without }"), ("{$['a}", 4, "quote that is not closed"),
            ("{$.a|join:\", }", 11, "quote that is not closed"), ("{$.a|join:\"\\", 11, "quote that is not closed"),
            ("{$.a|uper}", 6, "unknown filter \"uper\""), ("{$.a|Upper}", 6, "unknown filter \"Upper\""),
            ("{$.a| }", 7, "unknown filter \"\""), ("{$.a||upper}", 6, "unknown filter \"\""),
            ("{$.a|upper:1}", 6, "upper has no argument"), ("{$.a|lower:}", 6, "lower has no argument"),
            ("{$.a|cut}", 6, "cut without a length from 1 to 32768"),
            ("{$.a|cut:}", 6, "cut without a length from 1 to 32768"),
            ("{$.a|cut:0}", 6, "cut without a length from 1 to 32768"),
            ("{$.a|cut:-1}", 6, "cut without a length from 1 to 32768"),
            ("{$.a|cut:x}", 6, "cut without a length from 1 to 32768"),
            ("{$.a|cut:32769}", 6, "cut without a length from 1 to 32768"),
            ("{$.a|cut:99999999999999999999}", 6, "cut without a length from 1 to 32768"),
            ("{$.a|cut:٤}", 6, "cut without a length from 1 to 32768"),
            ("{$.a|join}", 6, "join without a quoted separator"),
            ("{$.a|join:,}", 6, "join without a quoted separator"),
            ("{$.a|join:\",\"x}", 6, "join without a quoted separator"),
            ("{$.a|join:\"\\n\"}", 6, "join without a quoted separator"),
            ("{$.a|join:\",\"|upper|join:\",\"}", 21, "second join"),
            ("{name}", 2, "A path begins with $"), ("{region|upper}", 2, "A path begins with $"),
            ("ab{ $.a..b}", 8, "Searching all levels with .. is not supported"),
            ("{$.a|upper|upper|upper|upper|upper|upper|upper|upper|lower}", 54, "more than 8 filters"),
        ])
    func rejected(text: String, column: Int, problem: String) {
        let error = error(text)
        #expect(error?.column == column)
        #expect(error?.problem == problem)
        #expect(error?.fix.hasSuffix(".") == true)
    }

    @Test("a template and a separator have a maximum length")
    func lengths() {
        #expect(error(String(repeating: "x", count: 4096)) == nil)
        #expect(error(String(repeating: "x", count: 4097))?.problem == "longer than 4096 bytes")
        #expect(error("{$.a|join:\"\(String(repeating: "é", count: 64))\"}") == nil)
        #expect(
            error("{$.a|join:\"\(String(repeating: "é", count: 65))\"}")?.problem
                == "separator longer than 64 characters")
        #expect(error("{$.a|cut:32768}") == nil)
    }

    @Test("an error shows no control characters of the template, and no more than its start")
    func hostileText() {
        #expect(error("{$.a|\u{202E}\n\0x}")?.problem == "unknown filter \"\u{FFFD}\u{FFFD}\u{FFFD}x\"")
        let long = error("{$.a|\(String(repeating: "y", count: 3000))}")
        #expect(long?.problem == "unknown filter \"\(String(repeating: "y", count: 64))…\"")
    }
}

import JSON
import Testing

@testable import SourceMapping

@Suite("CEF: errors")
struct CEFErrorTests {
    private func expect(_ text: String, _ column: Int, _ message: String) {
        do {
            _ = try CEFMessage.decode(text)
            Issue.record("\(text.prefix(200).debugDescription) was accepted")
        } catch {
            #expect(error.description == "Invalid CEF message at column \(column): \(message)")
        }
    }

    private static let noMessage =
        "CEF: is missing, or more than a syslog header precedes it. "
        + "Check that the path of decode leads to the line that the sender wrote."

    @Test("a text without CEF: is rejected where the message should begin")
    func noMessage() {
        expect("", 1, Self.noMessage)
        expect("\r\n", 1, Self.noMessage)
        expect("hello", 1, Self.noMessage)
        expect("cef:0|v|p|1|s|n|5|", 1, Self.noMessage)
        expect("Sep 19 08:26:10 höst hello world", 22, Self.noMessage)
        expect("LEEF:1.0|v|p|1|s|", 1, Self.noMessage)
    }

    @Test("a version of CEF other than 0 and 1 is rejected")
    func version() {
        let message = "The version after CEF: is neither 0 nor 1. Configure the sender to write CEF:0."
        for version in ["2", "", "00", "0.1", "a", "-1", "0\u{301}", "\u{660}"] {
            expect("<1>CEF:\(version)|v|p|1|s|n|5|a=b", 8, message)
        }
    }

    @Test("a header with too few fields is rejected with their number")
    func fewFields() {
        for (text, count) in [("CEF:0", 0), ("CEF:0|v", 1), ("CEF:0|v|p|1|s|n", 5), (#"CEF:0|v|p|1|s|n\|5"#, 5)] {
            expect(
                text, text.count + 1,
                "The header ends after \(count) of 6 fields. Write CEF:0|vendor|product|version|signature|name|severity|."
            )
        }
    }

    @Test("an extension that does not begin with a field is rejected")
    func noKey() {
        let message = "The extension does not begin with a field. Write key=value after the header's last |."
        for text in [
            "hello", " hello world", "hello a=b", "=a", "= a=b", "é=a", #"a\=b"#, #"a\=b c=d"#, "\t", "a\tb=c",
        ] {
            expect("CEF:0|v|p|1|s|n|5|\(text)", 19, message)
        }
    }

    @Test("two messages in one text are rejected, so that the second one is not lost in a value of the first")
    func twoMessages() {
        let message = "A second message follows. Send each message as an item of its own."
        expect("CEF:0|v|p|1|s|n|5|a=b\nCEF:0|v|p|1|s|n|5|a=b", 23, message)
        expect("CEF:0|v|p|1|s|n|5|a=b\r\n<13>Sep 19 08:26:10 host CEF:0|v|", 49, message)
        expect("CEF:0|v|p|1|s\nCEF: 1|v|p|1|s|n|5|a=b", 15, message)
        #expect(throws: Never.self) { try CEFMessage.decode("CEF:0|v|p|1|s|n|5|a=b CEF:0|v c=d\nCEF: e XCEF:0|") }
    }

    @Test("a message that is too long or has too many fields is rejected")
    func limits() throws {
        let start = "CEF:0|v|p|1|s|n|5|"
        let text = "a=" + String(repeating: "x", count: CEFMessage.maximumLength - start.utf8.count - 2)
        #expect(throws: Never.self) { try CEFMessage.decode(start + text) }
        expect(start + text + "x", 1, "The message is longer than 1048576 bytes. Shorten it.")
        let fields = (0..<1000).map { "k\($0)=v" }.joined(separator: " ")
        #expect(try CEFMessage.decode(start + fields)["extension"]?.object?.count == 1000)
        expect(
            "\(start)\(fields) x=y", start.count + fields.count + 2,
            "The extension has more than 1000 fields. Send fewer fields.")
    }
}

import DeviceDefender
import Encoding
import Fixtures
import JSON
import Logging
import TestSupport
import Testing

@testable import Telemetry

@Suite struct LogFormatterTests {
    private let time = now.iso8601
    private let evil = "a\"b\\c\nd\r\u{1B}[2J\u{9B}31m\u{2028}\u{202E}\u{E0041}\u{0}é"

    @Test("A line of JSON is one line, and reads back as it was said")
    func json() throws {
        let line = String(
            decoding: LogFormatter.json(
                .warning, "Delivery rejected.",
                ["reason": .string(evil), "list": .array(["x", "y"]), "time": "forged", "level": "forged"],
                label: "defender-bridge", at: time), as: UTF8.self)
        #expect(line.split(whereSeparator: \.isNewline).count == 1)
        let members = try JSON(parsing: line).object
        #expect(
            members == [
                "time": "2026-11-22T10:00:00.123Z", "level": "warning", "message": "Delivery rejected.",
                "logger": "defender-bridge", "reason": .string(evil), "list": "[\"x\", \"y\"]",
            ])
    }

    @Test(
        "A text is read back wherever in a long line something stands that must be escaped",
        arguments: [
            "\"", "\\", "\n", "\u{1F}", "\u{7F}", "é", "\u{2028}",
        ])
    func anywhere(special: String) throws {
        for position in 0..<300 {
            let text = String(repeating: "x", count: position) + special + String(repeating: "y", count: 299 - position)
            let line = LogFormatter.json(.info, "x", ["reason": .string(text)], label: "bridge", at: time)
            #expect(try JSON(parsing: line)["reason"]?.string == text, "\(position)")
            #expect(line.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(position)")
        }
    }

    @Test("Very many quotes are escaped, too", arguments: [1, 4, 255, 256, 1024, 65_536])
    func quotes(count: Int) throws {
        let text = String(repeating: "\"", count: count)
        let line = LogFormatter.json(.info, text, [:], label: "bridge", at: time)
        #expect(try JSON(parsing: line)["message"]?.string == text)
    }

    @Test("A line of text has the time, the level, the message and the fields by name")
    func text() {
        let line = LogFormatter.text(
            .info, "The bridge is listening.", ["b": "two words", "a": "1", "c": ""], at: time)
        #expect(
            String(decoding: line, as: UTF8.self)
                == "2026-11-22T10:00:00.123Z INFO The bridge is listening. a=1 b=\"two words\" c=\"\"")
    }

    @Test("An event's fields are written in the order that it declares, then others by name, in both forms")
    func fields() throws {
        let event = LogEvent.batchedEventReceived
        #expect(event.fields == [.delivery, .account, .region, .source, .eventID, .outcome, .request])
        let fields: LogFields = [
            .request: "r1", .eventID: .string(evil), .outcome: "[]", .delivery: "two words", .account: "1",
        ]
        let more: Logger.Metadata = ["z": "1", "b": "2", "level": "forged"]
        let metadata = fields.metadata.merging(more) { own, _ in own }
        let line = String(
            decoding: LogFormatter.json(.info, event.message, metadata, label: "bridge", at: time), as: UTF8.self)
        #expect(line.split(whereSeparator: \.isNewline).count == 1)
        #expect(
            try JSON(parsing: line).object
                == [
                    "time": "2026-11-22T10:00:00.123Z", "level": "info", "message": .string(event.message),
                    "logger": "bridge", "delivery": "two words", "account": "1", "eventId": .string(evil),
                    "outcome": "[]", "request": "r1", "z": "1", "b": "2",
                ])
        let names = line.matches(of: /"(\w+)":/).map { String($0.1) }
        #expect(
            names == [
                "time", "level", "message", "logger", "delivery", "account", "eventId", "outcome", "request", "b", "z",
            ])
        let plain: LogFields = [.request: "1", .delivery: "two words"]
        let text = LogFormatter.text(.info, event.message, plain.metadata, at: time)
        #expect(
            String(decoding: text, as: UTF8.self)
                == "2026-11-22T10:00:00.123Z INFO Event of a batch received. delivery=\"two words\" request=1")
    }

    @Test("The line of a request, byte for byte")
    func request() throws {
        let fields: LogFields = [
            .method: "POST", .path: "/sns", .status: .integer(200), .received: .integer(1234), .sent: .integer(19),
            .milliseconds: .decimal("1.050"), .peer: "192.0.2.7:4711", .request: "r1", .tls: "TLSv1.3",
            .agent: "a \"b\"\t\u{7F}é\u{2028}\u{E0041}", .delivery: "sns:1", .messageID: "1", .outcome: "stored",
        ]
        let message = LogEvent.requestCompleted.message
        let json = LogFormatter.json(.info, message, fields.metadata, label: "defender-bridge", at: time)
        #expect(
            String(decoding: json, as: UTF8.self) == #"{"time":"2026-11-22T10:00:00.123Z","level":"info","#
                + #""message":"Request completed.","logger":"defender-bridge","method":"POST","path":"/sns","#
                + #""status":200,"received":1234,"sent":19,"milliseconds":1.050,"peer":"192.0.2.7:4711","#
                + #""request":"r1","tls":"TLSv1.3","agent":"a \"b\"\t\u007fé\u2028\udb40\udc41","delivery":"sns:1","#
                + #""messageId":"1","outcome":"stored"}"#)
        let text = LogFormatter.text(.info, message, fields.metadata, at: time)
        #expect(
            String(decoding: text, as: UTF8.self) == "2026-11-22T10:00:00.123Z INFO Request completed. method=POST"
                + " path=/sns status=200 received=1234 sent=19 milliseconds=1.050 peer=192.0.2.7:4711 request=r1"
                + #" tls=TLSv1.3 agent="a \"b\"\t\u{7F}é\u{2028}\u{E0041}" delivery=sns:1 messageId=1 outcome=stored"#)
    }

    @Test(
        "Numbers and booleans are JSON numbers and booleans, and bare in text", arguments: ["plain", "a \"b\" \u{1}"])
    func types(reason: String) throws {
        let fields: LogFields = [
            .status: .integer(200), .milliseconds: .decimal("1.050"), .tlsEnabled: .boolean(true),
            .reason: .string(reason), .claim: nil, .attempt: .integer(Int64.max), .code: "400",
        ]
        let line = String(
            decoding: LogFormatter.json(.info, "x", fields.metadata, label: "b", at: time), as: UTF8.self)
        #expect(
            try JSON(parsing: line).object == [
                "time": .string(time), "level": "info", "message": "x", "logger": "b", "status": 200,
                "milliseconds": .number("1.050"), "tlsEnabled": true, "reason": .string(reason),
                "attempt": .integer(Int64.max), "code": "400",
            ])
        let text = String(decoding: LogFormatter.text(.info, "x", fields.metadata, at: time), as: UTF8.self)
        #expect(text.hasPrefix("\(time) INFO x attempt=\(Int64.max) code=400 milliseconds=1.050 reason="))
        #expect(text.hasSuffix(" status=200 tlsEnabled=true"))
    }

    @Test("Metadata of libraries has JSON numbers and booleans, too")
    func foreignTypes() throws {
        let metadata: Logger.Metadata = [
            "a": .stringConvertible(7), "b": .stringConvertible(false), "c": .stringConvertible(1.5),
            "d": .stringConvertible(Double.nan), "e": "8",
        ]
        let line = LogFormatter.json(.info, "x", metadata, label: "b", at: time)
        let json = try JSON(parsing: line)
        #expect([json["a"], json["b"], json["c"], json["d"], json["e"]] == [7, false, .number("1.5"), "nan", "8"])
    }

    @Test("What a sender wrote can neither end a line of text nor steer a terminal")
    func forgery() {
        let line = String(
            decoding: LogFormatter.text(.error, "x \(evil)", ["reason": .string(evil), "k\(evil)": "v"], at: time),
            as: UTF8.self)
        #expect(line.split(whereSeparator: \.isNewline).count == 1)
        let kinds = line.unicodeScalars.map(\.properties.generalCategory)
        #expect(!kinds.contains(.control) && !kinds.contains(.format) && !kinds.contains(.lineSeparator))
        #expect(line.contains("é") && line.contains("\\u{1B}[2J"))
    }

    @Test("A value is cut to 200 bytes in whole characters, a reason or command to 2,048, wherever it comes from")
    func cut() throws {
        func value(_ name: String, _ text: String) throws -> String {
            let key = try #require(LogMetadataKey(rawValue: name))
            let values = try [
                [name: .string(text)], ([key: .string(text)] as LogFields).metadata,
                [name: .stringConvertible(Substring(text))],
            ].map { try JSON(parsing: LogFormatter.json(.info, "x", $0, label: "bridge", at: time))[name]?.string }
            #expect(Set(values).count == 1)
            return try #require(values[0])
        }
        for (name, limit) in [
            ("path", 200), ("agent", 200), ("reason", 2048), ("command", 2048),
        ] {
            for character in ["a", "é", "日", "🙂", "\"", "\u{1}", "e\u{301}"] {
                for length in [limit - 3, limit, limit + 1, limit * 5] {
                    let text = String(repeating: character, count: length / character.utf8.count + 1)
                    let found = try value(name, text)
                    #expect(found.utf8.count <= limit, "\(name) \(character)")
                    if text.utf8.count <= limit {
                        #expect(found == text)
                    } else {
                        #expect(found.hasSuffix("…") && found.utf8.count > limit - 4)
                        #expect(text.unicodeScalars.starts(with: found.unicodeScalars.dropLast()))
                    }
                }
            }
        }
    }

    @Test("A text without anything to escape stays as it is")
    func plain() { #expect("Grüße, \"x\" \\ 日本 🙂".escapingControls() == "Grüße, \"x\" \\ 日本 🙂") }
}

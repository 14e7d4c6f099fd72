import DeviceDefender
import Encoding
import JSON
import Logging
import Testing

@testable import Bridge
@testable import Telemetry

@Suite struct LogFormatterTests {
    private let time = Timestamp(milliseconds: now).iso8601
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

    @Test("Fields that are given as one are written as if each was given, in their order, in both forms")
    func fields() throws {
        var fields = LogFields(capacity: 3)
        fields.add([("z", "1"), ("a", evil), ("list", "[]"), ("level", "forged")])
        let metadata: Logger.Metadata = [LogFields.key: .stringConvertible(fields)]
        let line = String(
            decoding: LogFormatter.json(.info, "x", metadata, label: "bridge", at: time), as: UTF8.self)
        #expect(line.split(whereSeparator: \.isNewline).count == 1)
        #expect(
            try JSON(parsing: line).object
                == [
                    "time": "2026-11-22T10:00:00.123Z", "level": "info", "message": "x", "logger": "bridge", "z": "1",
                    "a": .string(evil), "list": "[]",
                ])
        var plain = LogFields(capacity: 2)
        plain.add([("z", "1"), ("a", "two words")])
        let text = LogFormatter.text(.info, "x", [LogFields.key: .stringConvertible(plain)], at: time)
        #expect(String(decoding: text, as: UTF8.self) == "2026-11-22T10:00:00.123Z INFO x z=1 a=\"two words\"")
    }

    @Test(
        "Numbers and booleans are JSON numbers and booleans, and bare in text", arguments: ["plain", "a \"b\" \u{1}"])
    func types(reason: String) throws {
        let fields: LogFields = [
            .status: .integer(200), .milliseconds: .literal("1.050"), .tlsEnabled: .boolean(true),
            .reason: .string(reason), .claim: nil, .attempt: .integer(Int64.max), .code: "400",
        ]
        let metadata: Logger.Metadata = [LogFields.key: .stringConvertible(fields)]
        let line = String(decoding: LogFormatter.json(.info, "x", metadata, label: "b", at: time), as: UTF8.self)
        #expect(
            try JSON(parsing: line).object == [
                "time": .string(time), "level": "info", "message": "x", "logger": "b", "status": 200,
                "milliseconds": .number("1.050"), "tlsEnabled": true, "reason": .string(reason),
                "attempt": .integer(Int64.max), "code": "400",
            ])
        let text = String(decoding: LogFormatter.text(.info, "x", metadata, at: time), as: UTF8.self)
        #expect(text.hasPrefix("\(time) INFO x status=200 milliseconds=1.050 tlsEnabled=true reason="))
        #expect(fields.code == "400")
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
            var fields = LogFields(capacity: 1)
            fields.add([(name, text)])
            let values = try [
                [name: .string(text)], [LogFields.key: .stringConvertible(fields)],
            ].map { try JSON(parsing: LogFormatter.json(.info, "x", $0, label: "bridge", at: time))[name]?.string }
            #expect(values[0] == values[1])
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

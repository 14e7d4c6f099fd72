import JSON
import Testing

@Suite("JSON")
struct JSONTests {
    @Test("every type of value is parsed")
    func values() throws {
        let value = try JSON(parsing: #" {"a": [1, -2.5e+3, true, false, null, "x"], "b": {}, "c": []} "#)
        #expect(value["a"] == [1, .number("-2.5e+3"), true, false, nil, "x"])
        #expect(value["b"] == [:])
        #expect(value["c"] == [])
        #expect(value["a"]?.array?[1].double == -2500)
        #expect(value["a"]?.array?[0].integer == 1)
        #expect(value["missing"] == nil)
    }

    @Test("A leading byte order mark is ignored, one inside a string is kept")
    func byteOrderMark() throws {
        #expect(try JSON(parsing: "\u{FEFF}{\"a\": 1}") == ["a": 1])
        #expect(try JSON(parsing: "\u{FEFF}\"\u{FEFF}a\"").string?.utf8.elementsEqual("\u{FEFF}a".utf8) == true)
    }

    @Test("numbers keep the text they were written with")
    func numbersAreLossless() throws {
        let text = "[12345678901234567890.000,1e400,-0]"
        let value = try JSON(parsing: text)
        #expect(value.serialized() == Array(text.utf8))
        #expect(value.array?[1].double == nil)
        #expect(value.array?[0].integer == nil)
    }

    @Test(
        "escapes are decoded",
        arguments: [
            (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
            (#""\u00e9\u20AC\ud83d\ude00""#, "é€😀"),
            (#""\u0000""#, "\0"),
            ("\"é€😀\"", "é€😀"),
        ])
    func escapes(text: String, expected: String) throws {
        #expect(try JSON(parsing: text).string?.unicodeScalars.elementsEqual(expected.unicodeScalars) == true)
    }

    @Test(
        "invalid or ambiguous JSON is rejected with reason and position",
        arguments: [
            ("", .unexpectedEnd, 0), ("{", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2), ("\"a", .unexpectedEnd, 2),
            ("[1,]", .unexpectedByte, 3), ("{\"a\"1}", .unexpectedByte, 4), ("{a:1}", .unexpectedByte, 1),
            ("nul", .unexpectedEnd, 3), ("nulL", .unexpectedByte, 3), ("'a'", .unexpectedByte, 0),
            ("{} x", .trailingBytes, 3), ("01", .trailingBytes, 1), ("1 2", .trailingBytes, 2),
            ("-", .invalidNumber, 1), ("1.", .invalidNumber, 2), ("1e", .invalidNumber, 2), ("+1", .unexpectedByte, 0),
            (".5", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0),
            (#""\x""#, .invalidEscape, 3), (#""\ud800""#, .invalidEscape, 7), (#""\udc00""#, .invalidEscape, 7),
            (#""\ud800\u0041""#, .invalidEscape, 13), (#""\u00g0""#, .invalidEscape, 5),
            ("\"a\nb\"", .controlCharacter, 2), (#"{"a":1,"a":2}"#, .duplicateName, 10),
            (#"{"a":1,"\u0061":2}"#, .duplicateName, 15), ("\u{FEFF}\u{FEFF}{}", .unexpectedByte, 3),
            (" \u{FEFF}{}", .unexpectedByte, 1),
        ] as [(String, JSONError.Reason, Int)])
    func rejected(text: String, reason: JSONError.Reason, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.reason == reason)
        #expect(error?.offset == offset)
    }

    @Test(
        "invalid UTF-8 is rejected anywhere",
        arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0xED, 0xA0, 0x80, 0x22]]
            as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        #expect { try JSON(parsing: bytes) } throws: { ($0 as? JSONError)?.reason == .invalidUTF8 }
    }

    @Test("limits hold exactly")
    func limits() throws {
        let limits = JSONLimits(depth: 2, values: 3)
        #expect(try JSON(parsing: "[[1]]", limits: limits) == [[1]])
        #expect { try JSON(parsing: "[[[]]]", limits: limits) } throws: { ($0 as? JSONError)?.reason == .tooDeep }
        #expect { try JSON(parsing: "[1,2,3]", limits: limits) } throws: {
            ($0 as? JSONError)?.reason == .tooManyValues
        }
        let digits = String(repeating: "1", count: 64)
        #expect(try JSON(parsing: digits) == .number(digits))
        #expect { try JSON(parsing: digits + "1") } throws: { ($0 as? JSONError)?.reason == .numberTooLong }
    }

    @Test("a million open brackets are rejected without exhausting the stack")
    func deepNesting() {
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect { try JSON(parsing: bytes) } throws: { ($0 as? JSONError)?.reason == .tooDeep }
    }

    @Test("writing sorts names and parses back to the same value")
    func roundTrip() throws {
        let value: JSON = ["b": ["x\u{1}\"\\\n\r\t\u{1F}é😀", 1, nil], "a": ["z": true, "y": [:], "x": []], "": false]
        let text = String(decoding: value.serialized(), as: UTF8.self)
        #expect(
            text
                == #"{"":false,"a":{"x":[],"y":{},"z":true},"b":["x\u0001\"\\\n\r\t\u001fé😀",1,null]}"#)
        #expect(try JSON(parsing: text) == value)
        #expect(try JSON(parsing: value.prettyPrinted()) == value)
        #expect(JSON.object(["a": [1]]).prettyPrinted() == "{\n  \"a\": [\n    1\n  ]\n}")
    }
}

@Suite("UTF8Text")
struct UTF8TextTests {
    /// Visually identical and canonically equivalent.
    static let (composed, decomposed) = ("\u{E9}", "e\u{301}")

    @Test("names and values that differ only in normalization are distinct, and unchanged")
    func normalization() throws {
        #expect(Self.composed == Self.decomposed)
        #expect(UTF8Text(Self.composed) != UTF8Text(Self.decomposed))
        #expect(UTF8Text(Self.decomposed) < UTF8Text(Self.composed) && UTF8Text("a") < "ab" && UTF8Text("") < "a")
        let text = #"{"\#(Self.decomposed)":1,"\#(Self.composed)":2}"#
        let value = try JSON(parsing: text)
        #expect(value[Self.composed] == 2 && value[Self.decomposed] == 1)
        #expect(value.serialized() == Array(text.utf8))
        #expect(JSON.string(Self.composed) != .string(Self.decomposed))
        #expect(Set([JSON.string(Self.composed), .string(Self.decomposed)]).count == 2)
        #expect { try JSON(parsing: #"{"\#(Self.composed)":1,"\u00e9":2}"#) } throws: {
            ($0 as? JSONError)?.reason == .duplicateName
        }
    }

    @Test("equal texts have equal hashes, whatever their lengths")
    func hashes() {
        let texts = (0..<40).map { String(repeating: "\0", count: $0) } + ["é", "abcdefgh", "abcdefghi", "漢字漢字漢字"]
        for text in texts {
            #expect(UTF8Text(text).hashValue == UTF8Text(String(decoding: text.utf8, as: UTF8.self)).hashValue)
        }
        #expect(Set(texts.map { UTF8Text($0) }).count == texts.count)
        #expect(Set(texts.map { UTF8Text($0).hashValue }).count == texts.count)
    }
}

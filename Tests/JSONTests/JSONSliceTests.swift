import TestSupport
import Testing

@testable import JSON

@Suite("Slices of JSON texts") struct JSONSliceTests {
    private func slice(_ text: String) throws -> JSONSlice { try JSONSlice(Array(text.utf8)) }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("Members and elements are found as they were written") func found() throws {
        let object = try slice(#" { "a" : [1 , "]}\\\"" ,{"b":null}] , "\u0063":-1.5e+3 } "#)
        let members = try #require(try object.members())
        #expect(members.map { text($0.name) } == [#""a""#, #""\u0063""#])
        #expect(members.map { text($0.value.bytes) } == [#"[1 , "]}\\\"" ,{"b":null}]"#, "-1.5e+3"])
        let elements = try #require(try members[0].value.elements())
        #expect(elements.map { text($0.bytes) } == ["1", #""]}\\\"""#, #"{"b":null}"#])
        #expect(try elements[2].parsed() == ["b": nil])
        #expect(try object.elements() == nil)
        #expect(try elements[0].members() == nil)
    }

    @Test("Plain strings are read, others are left to the parser") func strings() throws {
        #expect(try slice(#""grün""#).plainString == "grün")
        #expect(try slice(#""a\nb""#).plainString == nil)
        #expect(try slice("1").plainString == nil)
        #expect(try JSONSlice([0x22, 0xFF, 0x22]).plainString == nil)
    }

    @Test(
        "Texts without an end, or with more after it, are rejected",
        arguments: [
            ("", JSONError.Reason.unexpectedEnd), ("  ", .unexpectedEnd), (#""a"#, .unexpectedEnd),
            (#""a\"#, .unexpectedEnd),
            ("[1", .unexpectedEnd), (#"{"a":[}"#, .unexpectedByte), ("[}", .unexpectedByte), ("1 2", .trailingBytes),
            ("{}]", .trailingBytes), (",", .unexpectedByte), (String(repeating: "[", count: 65), .tooDeep),
        ])
    func rejected(text: String, reason: JSONError.Reason) {
        #expect { try slice(text) } throws: { ($0 as? JSONError)?.reason == reason }
    }

    @Test(
        "Items that are not separated as expected are rejected",
        arguments: ["[1 2]", "[,1]", "[1,]", "[1:2]", "{1:2}", #"{"a" 1}"#, #"{"a":1 "b":2}"#, #"{"a":1,}"#, #"{"a"}"#])
    func separators(text: String) throws {
        let slice = try slice(text)
        #expect(throws: JSONError.self) { _ = (try slice.elements(), try slice.members()) }
    }

    @Test("A slice of what the parser accepts has the parser's members and elements", arguments: 0..<300)
    func agreement(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = Self.value(depth: 4, &random)
        #expect(try Self.reassembled(JSONSlice(value.serialized())) == value)
        #expect(try Self.reassembled(JSONSlice(Array(value.prettyPrinted().utf8))) == value)
    }

    /// The value, parsed from its smallest parts.
    private static func reassembled(_ slice: JSONSlice) throws -> JSON {
        if let elements = try slice.elements() { return .array(try elements.map(reassembled)) }
        guard let members = try slice.members() else { return try slice.parsed() }
        return .object(
            try JSON.Members(
                uniqueKeysWithValues: members.map { name, value in
                    (UTF8Text(try #require(try JSON(parsing: Array(name)).string)), try reassembled(value))
                }))
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> JSON {
        let text = ["", "a", "\"", "\\", "}", "]", ",", "\u{1}", "é", "{[", "日本"]
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: return nil
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(["0", "-1", "1.5e-3", "12345678901234567890"].randomElement(using: &random) ?? "0")
        case 3, 4: return .string((0..<3).compactMap { _ in text.randomElement(using: &random) }.joined())
        case 5: return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth: depth - 1, &random) })
        default:
            return .object(
                JSON.Members(
                    (0..<Int.random(in: 0..<4, using: &random)).map { _ in
                        (UTF8Text(text.randomElement(using: &random) ?? ""), value(depth: depth - 1, &random))
                    }, uniquingKeysWith: { $1 }))
        }
    }
}

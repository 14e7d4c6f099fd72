import TestSupport
import Testing

@testable import JSON

@Suite("Slices of JSON texts") struct JSONSliceTests {
    private func slice(_ text: String) throws -> JSONSlice { try JSONSlice(checking: Array(text.utf8)) }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("Members and elements are found as they were written") func found() throws {
        let object = try slice(#" { "a" : [1 , "]}\\\"" ,{"b":null}] , "\u0063":-1.5e+3 } "#)
        let members = try #require(object.members())
        #expect(members.map { text($0.name) } == ["a", #"\u0063"#])
        #expect(members.map(\.hasEscapes) == [false, true])
        #expect(members.map { text($0.value.bytes) } == [#"[1 , "]}\\\"" ,{"b":null}]"#, "-1.5e+3"])
        let elements = try #require(members[0].value.elements())
        #expect(elements.map { text($0.bytes) } == ["1", #""]}\\\"""#, #"{"b":null}"#])
        #expect(try elements[2].parsed() == ["b": nil])
        #expect(object.elements() == nil)
        #expect(elements[0].members() == nil)
    }

    @Test("A member is found by its name, however that is written") func names() throws {
        let object = try slice(#"{"aa":1,"\u0063":2,"\"":3}"#)
        #expect(try ["aa", "c", "\""].map { try object[$0]?.parsed() } == [1, 2, 3])
        #expect(["a", "aaa", #"\u0063"#, ""].allSatisfy { object[$0] == nil })
        #expect(try slice("[]")["a"] == nil)
    }

    @Test("Many names, and names with escapes, are compared with each other", arguments: [1, 31, 32, 33, 70])
    func duplicates(count: Int) throws {
        let names = (0..<count).map { "name\($0)" }
        for repeated in [nil, 0, count - 1] {
            for escaped in [nil, 0, count / 2] {
                let written = (names + (repeated.map { [names[$0]] } ?? [])).enumerated().map { index, name in
                    #""\#(index == escaped ? #"\u006E"# + name.dropFirst() : name)":{"name0":0}"#
                }
                let bytes = Array("{\(written.joined(separator: ","))}".utf8)
                let error = Self.error { _ = try JSONSlice(checking: bytes) }
                #expect(error?.reason == (repeated == nil ? nil : .duplicateName))
                expectAgreement(bytes)
            }
        }
    }

    @Test("What the parser accepts is sliced into the parser's members and elements", arguments: 0..<300)
    func agreement(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = Self.value(depth: 4, &random)
        for text in [value.serialized(), Array(value.prettyPrinted().utf8)] {
            #expect(try Self.reassembled(JSONSlice(checking: text)) == value)
        }
    }

    @Test("What the parser rejects is rejected with the same error", arguments: 0..<300)
    func disagreement(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let text = Self.value(depth: 3, &random).serialized()
        let bytes = Array(#"{}[]",:\u0dc8"#.utf8) + Array("\u{1} é-1.e+tn".utf8) + [0xFF]
        for _ in 0..<30 {
            var changed = text
            let index = Int.random(in: 0...text.count, using: &random)
            let end = min(text.count, index + Int.random(in: 0...2, using: &random))
            let added = (0..<Int.random(in: 0..<3, using: &random)).compactMap { _ in
                bytes.randomElement(using: &random)
            }
            changed.replaceSubrange(index..<end, with: added)
            expectAgreement(changed)
            expectAgreement(changed, JSONLimits(depth: 2, values: 5))
        }
    }

    private func expectAgreement(_ bytes: [UInt8], _ limits: JSONLimits = JSONLimits()) {
        let parsing = Self.error { _ = try JSON(parsing: bytes, limits: limits) }
        let checking = Self.error { _ = try JSONSlice(checking: bytes, limits: limits) }
        #expect(checking == parsing, "\(text(bytes[...]))")
    }

    private static func error(_ body: () throws -> Void) -> JSONError? {
        do {
            try body()
            return nil
        } catch {
            return error as? JSONError
        }
    }

    /// The value, parsed from its smallest parts.
    private static func reassembled(_ slice: JSONSlice) throws -> JSON {
        if let elements = slice.elements() { return .array(try elements.map(reassembled)) }
        guard let members = slice.members() else { return try slice.parsed() }
        return .object(
            try JSON.Members(
                uniqueKeysWithValues: members.map { member in
                    let name = try JSON(parsing: [0x22] + Array(member.name) + [0x22])
                    return (UTF8Text(try #require(name.string)), try reassembled(member.value))
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

import JSON
import Testing

@testable import SecurityFindings

@Suite struct UserDefinedFieldsTests {
    @Test("Fixed values and known attributes are the fields, unknown attributes keep what a finding has")
    func values() throws {
        let fields = try UserDefinedFields(entries: ["team=plant=1", "site={thing.attributes.site}"])
        #expect(fields.readsThings)
        #expect(texts(fields.values(of: ["site": "Zug"])) == ["team": "plant=1", "site": "Zug"])
        #expect(texts(fields.values(of: [:])) == ["team": "plant=1"])
        #expect(texts(fields.values(of: ["site": " "])) == ["team": "plant=1"])
        let current = fields.values(of: ["site": "Bern"])
        #expect(texts(fields.values(of: nil, current: current)) == ["team": "plant=1", "site": "Bern"])
        #expect(texts(fields.values(of: [:], current: current)) == ["team": "plant=1"])
    }

    @Test("A finding is incomplete while it lacks an attribute or has another fixed value")
    func incomplete() throws {
        let fields = try UserDefinedFields(entries: ["team=a", "site={thing.attributes.site}"])
        #expect(fields.isIncomplete(fields.values(of: nil)))
        #expect(!fields.isIncomplete(fields.values(of: ["site": "Zug"])))
        let other = try UserDefinedFields(entries: ["team=b", "site={thing.attributes.site}"])
        #expect(fields.isIncomplete(other.values(of: ["site": "Zug"])))
        #expect(!UserDefinedFields.none.isIncomplete(TextMap()) && !UserDefinedFields.none.readsThings)
    }

    @Test(
        "An invalid field is rejected with a reason that names it",
        arguments: [
            "", "a", "=a", "a=", "a= ", "a=x{thing.attributes.b}", "a={thing.tags.b}", "a={thing.attributes.}",
            "a={thing.attributes.ü}", "a={}", "a\u{7}=b", String(repeating: "x", count: 129) + "=a",
            "a=" + String(repeating: "x", count: 1025),
        ])
    func rejected(entry: String) {
        let error = #expect(throws: InvalidPatternError.self) {
            try UserDefinedFields(entries: ["good=a", entry])
        }
        #expect(error?.description.contains("\"\(entry)\"") == true)
    }

    @Test("More than 50 fields, and two fields of one name, are rejected")
    func limits() throws {
        _ = try UserDefinedFields(entries: (0..<50).map { "k\($0)=v" })
        #expect(throws: InvalidPatternError.self) { try UserDefinedFields(entries: (0..<51).map { "k\($0)=v" }) }
        #expect(throws: InvalidPatternError.self) { try UserDefinedFields(entries: ["a=1", "a=2"]) }
    }

    @Test("Fields of a finding have at most 16 KiB")
    func length() throws {
        let fields = try UserDefinedFields(entries: (10..<60).map { "k\($0)=" + String(repeating: "x", count: 1021) })
        #expect(fields.values(of: nil).entries.count == 16)
    }

    private func texts(_ map: TextMap) -> [String: String] {
        Dictionary(map.entries.map { ($0.key.string, $0.value) }) { first, _ in first }
    }
}

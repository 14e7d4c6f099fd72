import JSON
import Testing

@testable import SourceMapping

@Suite("Reading a mapping's tree")
struct TreeReaderTests {
    private enum Key: String, CaseIterable { case title, description, severity, id }
    private enum Word: String, CaseIterable { case iso8601, epochSeconds }

    private func readObject(_ tree: JSON) -> [String] {
        errors(tree) { reader, errors in
            let object = reader.object(Key.self, example: "{title: x}", errors: &errors)
            _ = object?.required(.title, example: "Alarm", errors: &errors)
            _ = object?.optional(.severity, errors: &errors)
        }
    }

    @Test("members are read with their locations")
    func members() throws {
        var errors = MappingErrors()
        let reader = TreeReader(["title": "x", "id": ["a", "b"]])
        let object = try #require(reader.object(Key.self, example: "", errors: &errors))
        #expect(object.required(.title, example: "", errors: &errors)?.path.description == "title")
        #expect(object.optional(.severity, errors: &errors) == nil)
        #expect(object.has(.id) && !object.has(.severity))
        let elements = object.optional(.id, errors: &errors)?.elements(limit: 2, example: "", errors: &errors)
        #expect(elements?.map(\.path.description) == ["id[0]", "id[1]"])
        #expect(elements?.map(\.value) == ["a", "b"])
        #expect(errors.isEmpty)
    }

    @Test("every unknown key is an error, with the nearest known key if there is one")
    func unknownKeys() {
        #expect(
            readObject(["title": "x", "descripton": 1, "Severity": 1, "x": 1, "": 1, "a\u{202E}'b": 1]) == [
                "key['']: unknown key. Remove it, or use one of title, description, severity, id.",
                "key.Severity: unknown key. Did you mean severity?",
                "key['a\u{FFFD}\\'b']: unknown key. Remove it, or use one of title, description, severity, id.",
                "key.descripton: unknown key. Did you mean description?",
                "key.x: unknown key. Remove it, or use one of title, description, severity, id.",
            ])
    }

    @Test("a required key must be present, and no key may lack a value")
    func requiredKeys() {
        #expect(readObject([:]) == ["key: missing key title. Add it, for example title: Alarm."])
        #expect(
            readObject(["title": nil, "severity": nil]) == [
                "key.title: no value. Write a value, or remove the key.",
                "key.severity: no value. Write a value, or remove the key.",
            ])
        #expect(
            readObject([1]) == [
                "key: a list instead of keys and values. Write keys and values, for example {title: x}."
            ])
    }

    @Test("a text must be text, not empty and within its limit")
    func text() {
        func read(_ tree: JSON) -> [String] {
            errors(tree) { _ = $0.text(limit: 3, example: "abc", errors: &$1) }
        }
        #expect(read("é1") == [])
        #expect(read("é12") == ["key: longer than 3 bytes. Write a shorter text, for example abc."])
        #expect(read("") == ["key: empty text. Write text, for example abc."])
        for (tree, kind) in [
            (nil, "no value"), (true, "true or false"), (1, "a number"), ([], "a list"), ([:], "keys and values"),
        ] as [(JSON, String)] {
            #expect(read(tree) == ["key: \(kind) instead of text. Write text, for example abc."])
        }
    }

    @Test("a word must be one of the list, and near misses are suggested")
    func words() {
        func read(_ tree: JSON) -> [String] { errors(tree) { _ = $0.word(Word.self, errors: &$1) } }
        #expect(read("epochSeconds") == [])
        #expect(
            read("epochseconds") == [
                "key: unknown word \"epochseconds\". Write epochSeconds. All words: iso8601, epochSeconds."
            ])
        #expect(read("unix") == ["key: unknown word \"unix\". Use one of iso8601, epochSeconds."])
        #expect(read(1) == ["key: a number instead of text. Write text, for example iso8601."])
    }

    @Test("a list and an object with free names must have at least one element, and at most the limit")
    func lists() {
        func list(_ tree: JSON) -> [String] { errors(tree) { _ = $0.elements(limit: 2, example: "[a]", errors: &$1) } }
        func entries(_ tree: JSON) -> [String] {
            errors(tree) { _ = $0.entries(limit: 2, example: "{a: b}", errors: &$1) }
        }
        #expect(list([1, 2]) == [])
        #expect(list([]) == ["key: empty list. Write at least one element, for example [a]."])
        #expect(list([1, 2, 3]) == ["key: list of 3 elements. Write at most 2."])
        #expect(list("x") == ["key: text instead of a list. Write a list, for example [a]."])
        #expect(entries(["a": 1, "b": 2]) == [])
        #expect(entries([:]) == ["key: no keys. Write at least one key, for example {a: b}."])
        #expect(entries(["a": 1, "b": 2, "c": 3]) == ["key: 3 keys. Write at most 2."])
        #expect(entries(1) == ["key: a number instead of keys and values. Write keys and values, for example {a: b}."])
    }

    @Test("the members of an object with free names are sorted")
    func sortedEntries() throws {
        var errors = MappingErrors()
        let tree: JSON = ["b": 1, "a": 2, "nozomi/site": 3]
        let entries = try #require(TreeReader(tree).entries(limit: 9, example: "", errors: &errors))
        #expect(entries.map(\.name) == ["a", "b", "nozomi/site"])
        #expect(entries.map(\.value.path.description) == ["a", "b", "['nozomi/site']"])
    }

    @Test("names that differ in normalization only are different keys")
    func normalization() {
        enum Accent: String, CaseIterable { case é }
        var errors = MappingErrors()
        #expect(TreeReader(["e\u{301}": 1]).object(Accent.self, example: "", errors: &errors)?.has(.é) == false)
    }

    @Test("errors of texts have the column")
    func columns() {
        #expect(
            errors("$.a.") { _ = $0.itemPath(errors: &$1) }.first?.hasPrefix("key, column 4: ")
                == true)
        #expect(
            errors(["{$.a}", "{$.a"]) { reader, errors in
                let rule = TreeReader(["first": reader.value], at: reader.path)
                _ = rule.textRule(errors: &errors)
            } == ["key.first[1], column 1: { without }. Close the value, for example {$.name}; write {{ for a brace."])
    }

    @Test("a text rule is a template or a list of alternatives")
    func textRules() throws {
        func read(_ tree: JSON) -> [String] {
            errors(tree) { _ = $0.textRule(errors: &$1) }
        }
        #expect(read("{$.a}") == [] && read(["first": ["{$.a}", "x"]]) == [])
        #expect(read(["first": []]).count == 1 && read(["frist": ["x"]]).count == 2 && read(["first": "x"]).count == 1)
        #expect(read(["first": [1, "}", "x", nil]]).count == 3)
        #expect(read(1) == ["key: a number instead of text. Write text, for example Alarm {$.name}."])
        #expect(
            read(["first": .array(Array(repeating: "x", count: 17))]) == [
                "key.first: list of 17 elements. Write at most 16."
            ])
    }

    @Test("after 100 errors the others are counted")
    func manyErrors() {
        var errors = MappingErrors()
        let tree = JSON(texts: Dictionary(uniqueKeysWithValues: (0..<150).map { ("severty\($0)", "") }))
        _ = TreeReader(tree).object(Key.self, example: "", errors: &errors)
        #expect(errors.errors.count == 100 && errors.omitted == 50)
        #expect(errors.description.hasSuffix("\n50 more problems. Resolve the problems above to see the rest."))
        #expect(!errors.isEmpty)
    }

    @Test("one error past the limit is one problem")
    func oneMoreError() {
        var errors = MappingErrors()
        for _ in 0..<101 { errors.add(at: .root, "problem", fix: "Fix it.") }
        #expect(errors.description.hasSuffix("\n1 more problem. Resolve the problems above to see the rest."))
    }

    @Test("an error about the whole tree names the mapping")
    func wholeTree() {
        var errors = MappingErrors()
        _ = TreeReader(1).object(Key.self, example: "{title: x}", errors: &errors)
        #expect(errors.description.hasPrefix("mapping: a number instead of keys and values."))
    }
}

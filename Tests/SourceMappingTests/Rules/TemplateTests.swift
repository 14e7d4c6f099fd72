import JSON
import Testing

@testable import SourceMapping

@Suite("Templates")
struct TemplateTests {
    private static let alert = """
        {"name": "Pump", "risk": 7.50, "big": 1e400, "up": true, "down": false, "null": null, "empty": "", "list": ["a", "b"],
        "object": {"x": 1}, "ips": ["10.0.0.1", null, "", 5, ["x"], "10.0.0.2"], "none": [null, ""], "city": "Straße",
        "marks": "e\u{301}a", "flag": "\u{1F1E9}\u{1F1EA}x", "path": "a/b/c", "paths": ["a/b", "c"], "greek": "ΟΔΟΣ"}
        """

    private func expand(_ text: String, limit: Int = 1000, replacesSlashes: Bool = false) throws -> String {
        try Template(parsing: text, as: replacesSlashes ? .typePart : .plain)
            .expand(try item(Self.alert), limit: limit)
    }

    @Test(
        "a template expands to its text with values",
        arguments: [
            ("plain", "plain"), ("{$.name}", "Pump"), ("a {$.name} b {$.name}", "a Pump b Pump"),
            ("{ $.name }", "Pump"),
            ("{$.risk}", "7.50"), ("{$.big}", "1e400"), ("{$.up} {$.down}", "true false"), ("{$.object.x}", "1"),
        ])
    func values(text: String, expected: String) throws { #expect(try expand(text) == expected) }

    @Test(
        "doubled braces stand for braces",
        arguments: [
            ("{{", "{"), ("}}", "}"), ("{{$.name}}", "{$.name}"), ("{{{$.name}}}", "{Pump}"), ("{{{{}}}}", "{{}}"),
            ("{$.name}}}", "Pump}"), ("{{ {$.name} }}", "{ Pump }"),
        ])
    func braces(text: String, expected: String) throws { #expect(try expand(text) == expected) }

    @Test("several values are joined by a comma and a space; missing ones among them are left out")
    func severalValues() throws { #expect(try expand("{$.ips[*]}") == "10.0.0.1, 5, 10.0.0.2") }

    @Test(
        "a path without a value is missing",
        arguments: ["null", "empty", "list", "object", "absent", "none[*]", "absent[*]", "name[*]", "name.x"])
    func missing(name: String) {
        #expect(throws: ItemError(.missing, paths: ["$.\(name)"])) { try expand("a {$.name} {$.\(name)} {$.other}") }
    }

    @Test("a missing value is reported also if the text is truncated ahead of it")
    func missingAfterLimit() {
        #expect(throws: ItemError(.missing, paths: ["$.absent"])) { try expand("{$.name}{$.absent}", limit: 2) }
    }

    @Test(
        "filters change values in order",
        arguments: [
            ("{$.name|upper}", "PUMP"), ("{$.name|lower}", "pump"), ("{$.name | upper | cut: 2 }", "PU"),
            ("{$.city|upper}", "STRASSE"), ("{$.city|upper|cut:6}", "STRASS"), ("{$.city|cut:5|upper}", "STRASS"),
            ("{$.name|upper|lower}", "pump"), ("{$.greek|lower}", "οδοσ"), ("{$.risk|cut:1}", "7"),
            ("{$.up|upper}", "TRUE"), ("{$.name|cut:40}", "Pump"),
        ])
    func filters(text: String, expected: String) throws { #expect(try expand(text) == expected) }

    @Test("cut counts Unicode scalars and never splits one")
    func cutScalars() throws {
        #expect(try Array(expand("{$.marks|cut:1}").unicodeScalars) == ["e"])
        #expect(try Array(expand("{$.flag|cut:1}").unicodeScalars) == ["\u{1F1E9}"])
        #expect(try Array(expand("{$.marks|cut:2}").unicodeScalars) == ["e", "\u{301}"])
    }

    @Test(
        "filters ahead of join change each value, later ones the joined text",
        arguments: [
            (#"{$.ips[*]|join:" "}"#, "10.0.0.1 5 10.0.0.2"), (#"{$.ips[*]|cut:4|join:"/"}"#, "10.0/5/10.0"),
            (#"{$.ips[*]|join:"; "|cut:12}"#, "10.0.0.1; 5;"), ("{$.ips[*]|cut:12}", "10.0.0.1, 5,"),
            (#"{$.ips[*]|cut:2|join:" x "|upper|cut:8}"#, "10 X 5 X"), ("{$.ips[*]|join:''}", "10.0.0.1510.0.0.2"),
            (#"{$.ips[*]|cut:1|join:"|}{"}"#, "1|}{5|}{1"), (#"{$.ips[*]|cut:1|join:"\"\\\'"}"#, #"1"\'5"\'1"#),
            (#"{$.name|join:","}"#, "Pump"), (#"{$.ips[*]|cut:1|join:'"'}"#, #"1"5"1"#),
        ])
    func join(text: String, expected: String) throws { #expect(try expand(text) == expected) }

    @Test("a slash in a value, but not in the template, becomes a dash where slashes separate levels")
    func slashes() throws {
        #expect(try expand("A/{$.path}/{$.paths[*]|join:\"/\"}", replacesSlashes: true) == "A/a-b-c/a-b/c")
        #expect(try expand("A/{$.path}") == "A/a/b/c")
    }

    @Test("a path may have braces and bars in quotes")
    func quotedPaths() throws {
        let template = try Template(parsing: "{$['a}|{b']|upper}")
        #expect(try template.expand(["a}|{b": "x"], limit: 10) == "X")
    }

    @Test("a text is truncated to the limit in Unicode scalars", arguments: 0...12)
    func limit(limit: Int) throws {
        let whole = "Pump: STRASSE"
        #expect(try expand("{$.name}: {$.city|upper}", limit: limit) == String(whole.prefix(limit)))
        #expect(try expand("{$.ips[*]}", limit: limit) == String("10.0.0.1, 5, 10.0.0.2".prefix(limit)))
    }

    @Test("a negative limit gives an empty text")
    func negativeLimit() throws { #expect(try expand("{$.name}", limit: -1) == "") }

    @Test("the first alternative whose values are all present is used")
    func alternatives() throws {
        let templates = try ["{$.absent}", "{$.name} {$.null}", "{$.name} {$.risk}", "last"].map {
            try Template(parsing: $0)
        }
        #expect(try TextRule(templates).expand(try item(Self.alert), limit: 100) == "Pump 7.50")
        #expect(throws: ItemError(.missing, paths: ["$.absent", "$.null"])) {
            try TextRule(Array(templates.prefix(2))).expand(try item(Self.alert), limit: 100)
        }
    }
}

import Testing

@testable import Bridge

/// Tests what is derived from the declarations of the keys.
@Suite struct ConfigurationKeysTests {
    @Test("Help states each range with its type's bounds, which are valid values, and errors state the same range")
    func ranges() throws {
        let range = /from (?<lowest>[\w.]+) to (?<highest>[\w.]*\w)/
        var count = 0
        for key in ConfigurationKey.all {
            #expect(!key.help.contains(where: { "{}".contains($0) }), "\(key.name)")
            guard let match = key.help.firstMatch(of: range) else { continue }
            count += 1
            for bound in [match.lowest, match.highest] {
                #expect(ConfigurationTests.line(flags: [key.name: String(bound)]) == nil, "\(key.name)")
            }
            let line = try #require(ConfigurationTests.line(flags: [key.name: "-"]))
            #expect(line.contains(match.0), "\(key.name): \(line)")
        }
        #expect(count == 12)
    }

    @Test("Each default that help states as a value is valid")
    func defaults() {
        var count = 0
        for key in ConfigurationKey.all {
            guard let text = key.help.firstMatch(of: /Default: (?<value>\S+)\.$/)?.value, text != "none" else {
                continue
            }
            count += 1
            #expect(ConfigurationTests.line(flags: [key.name: String(text)]) == nil, "\(key.name)")
        }
        #expect(count == 19)
    }
}

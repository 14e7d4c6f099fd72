import Testing

@testable import Bridge

@Suite("All problems of a configuration") struct ConfigurationErrorsTests {
    private static let path = "/etc/b.yaml"

    private static func lines(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String,
        runsMappingTests: Bool = false,
        files: [String: String] = [:]
    ) -> [String] {
        do throws(ConfigurationError) {
            _ = try BridgeConfiguration(
                flags: flags, environment: environment, file: file, path: path, runsMappingTests: runsMappingTests
            ) { path throws(ConfigurationError) in
                guard let text = files[path] else { throw ConfigurationError("x", "cannot read \(path). Check it.") }
                return Array(text.utf8)
            }
            return []
        } catch {
            return error.all.map(\.description)
        }
    }

    @Test("Problems of the file, of variables and of flags are reported together, those of the file with their lines")
    func together() {
        let lines = Self.lines(
            flags: ["log.level": "loud", "no.such": "1"],
            environment: ["BRIDGE_SECURITY_HUB_BURST": "0", "BRIDGE_LISTEN_ADRESS": "x"],
            file: """
                listen:
                  adress: 0.0.0.0:1
                  loops: 0
                  tls:
                    certificate: /c
                sns.topic: x
                store: [{a: b}]
                admin:
                  hosts: [http://a, b, "c d"]
                  tokenFile: /none
                """)
        let hosts = "Use host names without scheme and port, for example bridge.example.com."
        #expect(
            Set(lines) == [
                "\(Self.path):2: listen.adress: unknown key. Did you mean listen.address?",
                "\(Self.path):3: listen.loops: invalid value \"0\". Use a whole number from 1 to 64.",
                "\(Self.path):4: listen.tls.privateKey: not set, but listen.tls.certificate is. Set it to the private key's file.",
                "\(Self.path):6: sns.topic: unknown key. Did you mean sns.topics?",
                "\(Self.path):7: store: unknown key. Correct its name, or remove it from the file.",
                "\(Self.path):9: admin.hosts: invalid value \"http://a\". \(hosts)",
                "\(Self.path):9: admin.hosts: invalid value \"c d\". \(hosts)",
                "\(Self.path):10: admin.tokenFile: cannot read /none. Check it.",
                "BRIDGE_LISTEN_ADRESS: unknown setting. Did you mean BRIDGE_LISTEN_ADDRESS?",
                "securityHub.burst: invalid value \"0\". Use a whole number from 1 to 1000.",
                "log.level: invalid value \"loud\". Use one of trace, debug, info, notice, warning, error, critical.",
                "no.such: unknown key. Run defender-bridge keys for the list of keys.",
            ])
        #expect(lines.count == 12)
    }

    @Test("Problems of sources and of mapping files are reported with those of keys")
    func sources() {
        let lines = Self.lines(
            file: """
                log: {level: loud}
                sources:
                  a:
                    mapping: m.yaml
                    topics: [x]
                """, files: ["/etc/m.yaml": "ids: 1\n"])
        #expect(lines.first?.hasPrefix("\(Self.path):1: log.level: invalid value \"loud\". ") == true)
        #expect(lines.contains { $0.hasPrefix("\(Self.path):5: sources.a.topics[0]: invalid value \"x\". ") })
        #expect(lines.contains("/etc/m.yaml:1: ids: unknown key. Did you mean id?"))
    }

    @Test("Each invalid entry of a list is a problem")
    func lists() {
        let role = "=arn:aws:iam::111122223333:role/r"
        let lines = Self.lines(
            file: """
                aws.roles: ["1\(role)", "111122223333\(role)", "111122223333\(role)"]
                mapping.severities: [a, b=HIGH, c=LOUD]
                sns.topics: [x, "arn:aws:sns:us-east-1:111122223333:a", y]
                """)
        #expect(lines.count { $0.hasPrefix("\(Self.path):1: aws.roles: ") } == 2, "\(lines)")
        #expect(lines.count { $0.hasPrefix("\(Self.path):2: mapping.severities: ") } == 2, "\(lines)")
        #expect(lines.count { $0.hasPrefix("\(Self.path):3: sns.topics: invalid value ") } == 2, "\(lines)")
        #expect(lines.count == 6)
    }

    @Test("Tests of mappings are run only if wanted, and a failed one is reported with its line")
    func mappingTests() {
        let file =
            "sources:\n  a: {mapping: m.yaml, topics: [\"arn:aws:sns:us-east-1:111122223333:a\"], expireAfter: 1d}\n"
        let mapping = """
            id: [$.id]
            severity: {path: $.id, map: {default: LOW}}
            title: "{$.id}"
            description: "{$.id}"
            resources: [{type: Other, id: "{$.id}"}]
            tests:
              - {message: {id: "1"}, expect: {title: "1"}}
              - {message: {id: "1"}, expect: {title: "2"}}
            """
        let files = ["/etc/m.yaml": mapping]
        #expect(Self.lines(file: file, files: files) == [])
        #expect(
            Self.lines(file: file, runsMappingTests: true, files: files) == [
                "/etc/m.yaml:8: test 2: title: expected 2, got 1. Correct the mapping or the test."
            ])
    }

    @Test("A file with many problems is reported up to a limit, with the number of the others")
    func limit() {
        let lines = Self.lines(file: (1...150).map { "key\($0): 1\n" }.joined())
        #expect(lines.count == 101)
        #expect(
            lines.last == "configuration file: 50 more problems. Resolve the problems above to see the rest.")
    }

    @Test("The file is the flag's, else the variable's, else the standard one if it exists")
    func location() {
        func path(_ flag: String?, _ environment: [String: String], _ standard: String) -> String? {
            ConfigurationFile.location(flag: flag, environment: environment, standardPath: standard)?.path
        }
        #expect(path("/flag", ["BRIDGE_CONFIG": "/variable"], "/dev/null") == "/flag")
        #expect(path(nil, ["BRIDGE_CONFIG": "/variable"], "/dev/null") == "/variable")
        #expect(path(nil, ["BRIDGE_CONFIG": ""], "/dev/null") == "/dev/null")
        #expect(path(nil, [:], "/nowhere/bridge.yaml") == nil && path(nil, [:], "/dev/null/bridge.yaml") == nil)
    }
}

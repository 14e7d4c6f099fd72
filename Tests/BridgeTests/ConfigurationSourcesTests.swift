import Cryptography
import EventLoop
import Logging
import SNS
import Testing

@testable import Bridge
@testable import Intake

/// Tests the file, variables and secret files that values come from.
@Suite struct ConfigurationSourcesTests {
    @Test("Unknown keys and variables are rejected, unrelated variables are not")
    func unknown() {
        #expect(
            ConfigurationTests.line(file: "listen:\n  adress: x\n")
                == "listen.adress: unknown key. Did you mean listen.address?")
        #expect(
            ConfigurationTests.line(file: "listen.addressFile: x\n")
                == "listen.addressFile: unknown key. Correct its name, or remove it from the file.")
        #expect(
            ConfigurationTests.line(environment: ["BRIDGE_LISTEN_ADRESS": "x"])
                == "BRIDGE_LISTEN_ADRESS: unknown setting. Did you mean BRIDGE_LISTEN_ADDRESS?")
        #expect(ConfigurationTests.line(environment: ["BRIDGEHEAD": "x", "AWS_REGION": "x"]) == nil)
    }

    @Test("A secret can be read from a file that any source names")
    func secretFile() throws {
        for configuration in [
            try ConfigurationTests.configuration(environment: ["BRIDGE_EVENT_BRIDGE_API_KEY_FILE": "/secret"]),
            try ConfigurationTests.configuration(file: "eventBridge:\n  apiKeyFile: /secret\n"),
            try ConfigurationTests.configuration(flags: ["eventBridge.apiKeyFile": "/secret"]),
        ] {
            #expect(configuration.eventBridge.apiKeys.first?.matches("from-file") == true)
        }
    }

    @Test("A secret's file that is missing, empty or redundant is rejected with its key")
    func badSecretFile() {
        let variable = "BRIDGE_EVENT_BRIDGE_API_KEY_FILE"
        #expect(
            ConfigurationTests.line(environment: [variable: "/nowhere"])
                == "eventBridge.apiKeyFile: the file /nowhere cannot be read")
        #expect(
            ConfigurationTests.line(environment: [variable: "/empty"])
                == "eventBridge.apiKeyFile: the file is empty. Write the value into it.")
        #expect(
            ConfigurationTests.line(environment: [variable: "/secret", "BRIDGE_EVENT_BRIDGE_API_KEY": "pa55"])
                == "eventBridge.apiKeyFile: eventBridge.apiKey is set, too. Set only one of the two.")
    }

    @Test("No error contains a secret")
    func noSecrets() throws {
        let file = "eventBridge:\n  apiKey: pa55\nlisten:\n  address: [\n  apiKey: \"pa55\n"
        for line in [
            ConfigurationTests.line(file: file),
            ConfigurationTests.line(file: "eventBridge:\n  apiKey: pa55\n   apiKeyHeader: pa55: pa55\n"),
            ConfigurationTests.line(file: "eventBridge:\n  apiKey: pa55\n  apiKey: pa55\n"),
            ConfigurationTests.line(flags: ["store.url": "postgresql://user:pa55@host:port/db"]),
        ] {
            let line = try #require(line)
            #expect(!line.contains("pa55") && !line.contains(where: \.isNewline), "\(line)")
        }
    }

    @Test(
        "A file that is not a mapping of keys is rejected in one line",
        arguments: [
            (
                "- a\n- b\n",
                "configuration file: not a mapping. Write keys with values, for example listen.address: 0.0.0.0:8080."
            ),
            (
                "text",
                "configuration file: not a mapping. Write keys with values, for example listen.address: 0.0.0.0:8080."
            ),
            ("sns:\n  topics: [[a]]\n", "sns.topics: a list entry is not a plain value. Write each entry as one text."),
            ("? [a]\n: b\n", "configuration file: a key is not a plain name. Use names such as listen.address."),
            (
                "listen:\n  address: 127.0.0.1:1\nlisten.address: 127.0.0.1:2\n",
                "listen.address: duplicate key. Remove one of the two."
            ),
        ])
    func badFile(text: String, expected: String) { #expect(ConfigurationTests.line(file: text) == expected) }

    @Test("Invalid YAML and duplicate keys are rejected with their position")
    func noYAML() throws {
        let broken = try #require(ConfigurationTests.line(file: "listen: [\n"))
        #expect(broken.hasPrefix("configuration file: invalid YAML: ") && broken.hasSuffix(". Correct the file."))
        #expect(broken.contains(" in line "))
        let twice = try #require(ConfigurationTests.line(file: "log:\n  level: info\n  level: debug\n"))
        #expect(twice.hasPrefix("configuration file: invalid YAML: duplicate key level in the mapping of line "))
    }

    @Test("Lists, anchors and empty files are read as YAML specifies")
    func yaml() throws {
        let topic = "arn:aws:sns:us-east-1:111122223333:"
        let listed = try ConfigurationTests.configuration(file: "sns:\n  topics:\n    - \(topic)a\n    - \(topic)b\n")
        #expect(listed.topics.patterns.count == 2)
        let anchored = try ConfigurationTests.configuration(
            file: "listen:\n  address: &a 127.0.0.1:7\nadmin:\n  address: *a\n")
        #expect(anchored.listenAddress.port == 7 && anchored.adminAddress.port == 7)
        for empty in ["", "# nothing\n", "log:\n  level:\n"] {
            #expect(try ConfigurationTests.configuration(file: empty).logLevel == .info)
        }
    }
}

import AWSCore
import Cryptography
import Logging
import SNS
import Testing

@testable import Admin
@testable import Bridge
@testable import Intake
@testable import Telemetry

/// Tests values by the types of YAML's core schema, and artifacts of editors and templates.
@Suite struct ConfigurationTypesTests {
    private static func configuration(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws(ConfigurationError) -> BridgeConfiguration {
        try ConfigurationTests.configuration(flags: flags, environment: environment, file: file)
    }

    @Test(
        "An unquoted null is a missing value for every key, a quoted null is a text",
        arguments: ["null", "~", "Null", "NULL", "", "!!null x"])
    func null(spelling: String) throws {
        for key in ConfigurationKey.all {
            #expect(ConfigurationTests.line(file: "\(key.name): \(spelling)\n") == nil, "\(key.name)")
        }
        #expect(try Self.configuration(file: "eventBridge:\n  apiKey: \(spelling)\n").eventBridge.apiKeys.isEmpty)
        #expect(try Self.configuration(file: "eventBridge: \(spelling)\nlog: \(spelling)\n").logLevel == .info)
        #expect(
            ConfigurationTests.line(file: "eventBridge:\n  apiKye: \(spelling)\n")
                == "eventBridge.apiKye: unknown key. Did you mean eventBridge.apiKey?")
        let quoted = try Self.configuration(
            file: "eventBridge:\n  oauth: {issuer: \"null\", audience: '~', jwksURL: 'https://i/k'}\n")
        #expect(quoted.eventBridgeTokens?.issuer == "null" && quoted.eventBridgeTokens?.audience == "~")
        #expect(try Self.configuration(file: "eventBridge:\n  basic: !!str null:word\n").eventBridge.basic != nil)
    }

    @Test("A null in a list is rejected with the key")
    func nullInList() {
        for list in ["[111122223333, null]", "\n    - ~\n", "[,]"] {
            #expect(
                ConfigurationTests.line(file: "sns:\n  accounts: \(list)\n").map {
                    $0.hasPrefix("sns.accounts: a list entry is null") || $0.contains("invalid YAML")
                } == true, "\(list)")
        }
        #expect(
            ConfigurationTests.line(file: "eventBridge:\n  apiKey: [a-long-random-key-1, null]\n")
                == "eventBridge.apiKey: a list entry is null. Write a value, or remove the entry.")
    }

    @Test(
        "The text null is rejected as an API key from every source",
        arguments: ["null", "Null", "~", "a-long-random-key-1,null"])
    func nullKey(text: String) {
        let line = "eventBridge.apiKey: a key is null. Set a random key, or remove this key."
        #expect(ConfigurationTests.line(flags: ["eventBridge.apiKey": text]) == line)
        #expect(ConfigurationTests.line(environment: ["BRIDGE_EVENT_BRIDGE_API_KEY": text]) == line)
        #expect(ConfigurationTests.line(file: "eventBridge:\n  apiKey: \"\(text)\"\n") == line)
    }

    @Test("Booleans and whole numbers are accepted in every core schema spelling from each source")
    func spellings() throws {
        for (text, value) in [("true", true), ("True", true), ("TRUE", true), ("False", false), ("FALSE", false)] {
            for configuration in [
                try Self.configuration(file: "sns:\n  resubscribe: \(text)\n"),
                try Self.configuration(environment: ["BRIDGE_SNS_RESUBSCRIBE": text]),
                try Self.configuration(flags: ["sns.resubscribe": text]),
            ] {
                #expect(configuration.subscriptions.resubscribes == value)
            }
            #expect(try Self.configuration(file: "mapping.checkSummaries: \(text)\n").checkSummaries == value)
        }
        let all = try Self.configuration(
            file: "listen: {proxyProtocol: TRUE, trustedProxies: 10.0.0.1, loops: 0x3, maxConnections: 0o17}\n"
                + "admin: {allowActions: True, token: 0123456789abcdef}\n"
                + "securityHub: {burst: +7, requestsPerSecond: 0x10}\nsns: {minimumSignatureVersion: 0x2}\n")
        #expect(all.proxyProtocol && all.loops == 3 && all.maximumConnections == 15 && all.admin.allowsActions)
        #expect(all.importBurst == 7 && all.importsPerSecond == 16 && all.minimumSignatureVersion == .two)
        // An account is twelve digits, not a number.
        let topics = try Self.configuration(
            file: "sns: {topics: 'arn:aws:sns:us-east-1:*:a', accounts: [011122223333]}\n"
        ).topics
        #expect(topics.accountRegions.map(\.description) == ["011122223333/us-east-1"])
        for text in ["yes", "on", "tRue", "1"] {
            #expect(ConfigurationTests.line(file: "sns:\n  resubscribe: \(text)\n") != nil)
        }
    }

    @Test("Log levels are case-insensitive and accept warn; other words are case-insensitive, too")
    func words() throws {
        for (text, level) in [("INFO", .info), ("Warn", .warning), ("WARNING", .warning), ("Debug", .debug)]
            as [(String, Logger.Level)]
        {
            #expect(try Self.configuration(flags: ["log.level": text]).logLevel == level)
        }
        let words = try Self.configuration(
            flags: ["log.format": "JSON", "sns.confirm": "Off", "catchUp.interval": "OFF"])
        #expect(try Self.configuration(flags: ["mapping.staleAfter": "Off"]).staleAfter == nil)
        #expect(words.logFormat == .json && !words.subscriptions.confirms && words.catchUpInterval == nil)
    }

    @Test("Byte order marks and surrounding white space are ignored in secret files, variables and flags")
    func byteOrderMark() throws {
        let key = "a-long-random-key-1"
        for configuration in [
            try Self.configuration(environment: ["BRIDGE_EVENT_BRIDGE_API_KEY_FILE": "/marked"]),
            try Self.configuration(environment: ["BRIDGE_EVENT_BRIDGE_API_KEY": "\u{FEFF}\(key)\n"]),
            try Self.configuration(flags: ["eventBridge.apiKey": "\(key)\r\n"]),
            try Self.configuration(file: "\u{FEFF}eventBridge:\n  apiKey: \"\u{FEFF}\(key)\\n\"\n"),
        ] {
            #expect(configuration.eventBridge.apiKeys.map { $0.matches(key) } == [true])
            #expect(configuration.warnings.map(\.key) == ["sns.topics"])
        }
        #expect(
            try Self.configuration(environment: ["BRIDGE_ADMIN_TOKEN_FILE": "/marked"]).admin.tokens.isEmpty)
        #expect(
            ConfigurationTests.line(environment: ["BRIDGE_EVENT_BRIDGE_API_KEY_FILE": "/only-a-mark"])
                == "eventBridge.apiKeyFile: the file is empty. Write the value into it.")
    }

    @Test("A short key or password causes a warning that does not contain it")
    func shortKeys() throws {
        func warnings(_ flags: [String: String]) throws -> [ConfigurationWarning] {
            let topics = ["sns.topics": "arn:aws:sns:us-east-1:111122223333:detect"]
            return try Self.configuration(flags: flags.merging(topics) { $1 }).warnings
        }
        let short = try warnings(["eventBridge.apiKey": "pa55,a-long-random-key-1"])
        #expect(
            short.map(\.description) == [
                "eventBridge.apiKey: a key has fewer than 16 characters. Replace it with a random key of at least 16 "
                    + "characters."
            ])
        let password = try warnings(["eventBridge.basic": "a-very-long-user-name:pa55"])
        #expect(password.map(\.key) == ["eventBridge.basic"])
        #expect(try warnings(["eventBridge.apiKey": "0123456789abcdef"]).isEmpty)
    }

    @Test("Missing topics cause a warning that names what is rejected")
    func noTopics() throws {
        let warnings = try Self.configuration(flags: ["eventBridge.apiKey": "0123456789abcdef"]).warnings
        #expect(
            warnings.map(\.description) == [
                "sns.topics: no topic is listed, so every SNS message and every EventBridge event is rejected. "
                    + "List the ARNs of the SNS topics that Device Defender publishes to."
            ])
    }

    @Test("Kubernetes service links are ignored, misspelled settings are rejected")
    func serviceLinks() {
        for prefix in ["BRIDGE", "BRIDGE_SNS", "BRIDGE_LISTEN", "BRIDGE_SERVICE", "BRIDGE_PORT", "BRIDGE_8080_TCP"] {
            #expect(
                ConfigurationTests.line(environment: [
                    "\(prefix)_SERVICE_HOST": "10.0.48.109", "\(prefix)_SERVICE_PORT": "80",
                    "\(prefix)_SERVICE_PORT_HTTP_METRICS": "9090", "\(prefix)_PORT": "tcp://10.0.48.109:80",
                    "\(prefix)_PORT_80_TCP": "tcp://10.0.48.109:80", "\(prefix)_PORT_80_TCP_PROTO": "tcp",
                    "\(prefix)_PORT_80_TCP_PORT": "80", "\(prefix)_PORT_80_TCP_ADDR": "10.0.48.109",
                ]) == nil, "\(prefix)")
        }
        #expect(
            ConfigurationTests.line(environment: [
                "BRIDGE_SERVICE_HOST": "fd00::1", "BRIDGE_PORT": "udp://[fd00::1]:53",
                "BRIDGE_PORT_53_UDP": "udp://[fd00::1]:53", "BRIDGE_PORT_53_UDP_ADDR": "fd00::1",
            ]) == nil)
        for (variable, value) in [
            ("BRIDGE_LISTEN_PORT", "8080"), ("BRIDGE_PORT", "8080"), ("BRIDGE_PORT", "http://10.0.0.1:80"),
            ("BRIDGE_SERVICE_HOST", "bridge.example.com"), ("BRIDGE_SERVICE_PORT", "http"),
            ("BRIDGE_PORT_80_TCP_NAME", "tcp"), ("BRIDGE_PORT_80_TCP_ADDR", "x"),
            ("BRIDGE_PORT_http_TCP", "tcp://1.2.3.4:1"),
            ("BRIDGE_LISTEN_ADRESS", "tcp://10.0.48.109:80"), ("BRIDGE_SNS_TOPIC", "10.0.48.109"),
        ] {
            #expect(
                ConfigurationTests.line(environment: [variable: value])?.hasPrefix("\(variable): unknown setting. ")
                    == true)
        }
    }

    @Test("No setting has the form of a Kubernetes service link")
    func noCollision() {
        for key in ConfigurationKey.all {
            for value in ["80", "10.0.0.1", "tcp://10.0.0.1:80", "tcp"] {
                #expect(!ServiceLink.isServiceLink(key.environmentVariable, value: value))
                #expect(!ServiceLink.isServiceLink(key.environmentVariable + "_FILE", value: value))
            }
        }
    }

    @Test("Tokens of the admin server have names; admin.token keeps working, and an error has no token")
    func adminTokens() throws {
        let named = "alice=0123456789abcdef,b.o-b_2=fedcba9876543210="
        func names(_ values: [String: String]) throws -> [String] {
            try Self.configuration(flags: values.merging(["admin.allowActions": "true"]) { first, _ in first })
                .admin.tokens.map(\.name)
        }
        #expect(try names(["admin.tokens": named]) == ["alice", "b.o-b_2"])
        #expect(
            try names(["admin.tokens": named, "admin.token": "0000000000000000"]) == [
                "admin.token", "alice", "b.o-b_2",
            ])
        #expect(
            try Self.configuration(flags: ["admin.tokens": named]).admin.tokens.isEmpty, "actions are not allowed")
        for bad in ["alice", "alice=short-token", "al ice=0123456789abcdef", "=0123456789abcdef", "é=0123456789abcdef"]
        {
            let line = ConfigurationTests.line(flags: ["admin.tokens": bad])
            #expect(line?.hasPrefix("admin.tokens: an entry is malformed. Use NAME=TOKEN") == true, "\(line ?? "")")
            #expect(line?.contains("0123456789abcdef") == false && line?.contains("short-token") == false)
        }
        #expect(
            ConfigurationTests.line(flags: ["admin.tokens": "a=0123456789abcdef,a=fedcba9876543210"])
                == "admin.tokens: duplicate name a. Remove one of the two entries.")
    }
}

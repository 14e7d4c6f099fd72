import AWSClient
import AWSCore
import Cryptography
import EventLoop
import Logging
import Planning
import SNS
import SecurityFindings
import Store
import Testing

@testable import Admin
@testable import Bridge
@testable import Intake
@testable import Telemetry

@Suite struct ConfigurationTests {
    static let topic = "arn:aws:sns:us-east-1:111122223333:a"
    static let files = [
        "/secret": "from-file\n", "/empty": " \n", "/marked": "\u{FEFF}a-long-random-key-1\r\n",
        "/only-a-mark": "\u{FEFF}\n",
    ]

    static func configuration(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws(ConfigurationError) -> BridgeConfiguration {
        try BridgeConfiguration(flags: flags, environment: environment, file: file) {
            path throws(ConfigurationError) in
            guard let text = files[path] else { throw ConfigurationError("x", "the file \(path) cannot be read") }
            return Array(text.utf8)
        }
    }

    /// The error of an invalid configuration; nil for a valid one.
    static func line(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) -> String? {
        do throws(ConfigurationError) {
            _ = try configuration(flags: flags, environment: environment, file: file)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("Without any settings, the defaults apply")
    func defaults() throws {
        let configuration = try Self.configuration()
        #expect(configuration.listenAddress.description == "127.0.0.1:8080")
        #expect(configuration.adminAddress.description == "127.0.0.1:9090")
        #expect(configuration.admin.hosts.isEmpty && !configuration.admin.allowsActions)
        #expect(configuration.tls == nil && configuration.store == .sqlite(path: "defender-bridge.db"))
        #expect((1...64).contains(configuration.loops) && configuration.maximumConnections == nil)
        #expect(configuration.maximumConnectionsPerAddress == 1024 && configuration.maximumPending == 200_000)
        #expect(configuration.deadLetterLimits == DeadLetterLimits(maximumCount: 100_000, maximumBytes: 268_435_456))
        #expect(configuration.maximumDeadLetterAge == .seconds(90 * 86_400))
        #expect(configuration.trustedProxies.isEmpty && !configuration.proxyProtocol)
        #expect(configuration.topics.patterns.isEmpty && configuration.maximumMessageAge == .seconds(3600))
        #expect(configuration.minimumSignatureVersion == .one)
        #expect(configuration.subscriptions == SubscriptionManager.Policy(confirms: true, resubscribes: false))
        #expect(!configuration.acceptsEventBridge && configuration.eventBridge.apiKeyHeader == "x-api-key")
        #expect(configuration.importsPerSecond == 10 && configuration.importBurst == 30)
        #expect(configuration.checkSummaries && configuration.severities == .none && configuration.connectTo.isEmpty)
        #expect(configuration.filter == .none && configuration.productNames == .none)
        #expect(configuration.logLevel == .info && configuration.logFormat == nil)
    }

    @Test("Flags take precedence over the environment, the environment over the file, the file over defaults")
    func precedence() throws {
        let file = "listen:\n  address: 127.0.0.1:3\nsecurityHub:\n  burst: 3\n"
        let environment = ["BRIDGE_LISTEN_ADDRESS": "127.0.0.1:2", "OTHER": "x"]
        let all = try Self.configuration(
            flags: ["listen.address": "127.0.0.1:1"], environment: environment, file: file)
        #expect(all.listenAddress.port == 1 && all.importBurst == 3 && all.importsPerSecond == 10)
        #expect(try Self.configuration(environment: environment, file: file).listenAddress.port == 2)
        #expect(try Self.configuration(file: file).listenAddress.port == 3)
    }

    @Test(
        "A value has the same effect from each source", arguments: ["environment", "file", "flag"])
    func everyKey(place: String) throws {
        let texts = [
            "listen.address": "[::1]:1", "listen.tls.certificate": "c.pem", "listen.tls.privateKey": "k.pem",
            "listen.loops": "3", "listen.maxConnections": "500", "listen.maxConnectionsPerAddress": "50",
            "listen.trustedProxies": "10.0.0.0/8, 2001:db8::1", "listen.proxyProtocol": "true",
            "admin.address": "127.0.0.2:2", "admin.hosts": "Bridge.example.com., b", "admin.allowActions": "true",
            "admin.token": "0123456789abcdef", "store.url": "sqlite:///s.db", "store.maxPending": "9",
            "deadLetters.maxCount": "2", "deadLetters.maxBytes": "4MiB", "deadLetters.maxAge": "1h",
            "sns.topics": "arn:aws:sns:us-east-1:111122223333:a, arn:aws:sns:eu-west-1:*:b",
            "sns.accounts": "444455556666, 777788889999", "sns.minimumSignatureVersion": "2", "sns.confirm": "off",
            "sns.resubscribe": "true",
            "sns.maxMessageAge": "90m", "eventBridge.apiKey": "the-key, next",
            "eventBridge.apiKeyHeader": "X-Bridge-Key",
            "eventBridge.basic": "user:pass:word", "eventBridge.oauth.issuer": "https://issuer.example/",
            "eventBridge.oauth.audience": "bridge", "eventBridge.oauth.jwksURL": "https://issuer.example/keys?a=b",
            "aws.roles": "111122223333=arn:aws:iam::111122223333:role/x/y",
            "aws.roleName": "arn:aws:iam::*:role/p/Bridge",
            "aws.externalId": "e-1", "aws.regions": "us-east-1, eu-west-1", "securityHub.requestsPerSecond": "2.5",
            "securityHub.burst": "7", "mapping.checkSummaries": "false",
            "mapping.severities": "Fleet/*=HIGH, LOGGING_?=low", "mapping.staleAfter": "60d",
            "mapping.minimumSeverity": "low", "mapping.include": "Fleet/*, *_CHECK", "mapping.exclude": "nozomi",
            "mapping.productName": "Defender Bridge", "mapping.companyName": "Example AG",
            "mapping.userDefinedFields": "team=plant, site={thing.attributes.site}",
            "catchUp.interval": "15m",
            "network.connectTo": "a:1:b:2,[::1]:1:[::2]:2", "log.level": "debug", "log.format": "json",
        ]
        let variables = Dictionary(
            uniqueKeysWithValues: ConfigurationKey.all.map { ($0.name, $0.environmentVariable) })
        let configuration =
            switch place {
            case "environment":
                try Self.configuration(
                    environment: Dictionary(uniqueKeysWithValues: texts.map { (variables[$0.key] ?? "", $0.value) }))
            case "file":
                try Self.configuration(file: texts.map { "\($0.key): \"\($0.value)\"\n" }.joined())
            default: try Self.configuration(flags: texts)
            }
        #expect(configuration.listenAddress.description == "[::1]:1")
        #expect(configuration.tls == BridgeConfiguration.TLSFiles(certificate: "c.pem", privateKey: "k.pem"))
        #expect(configuration.loops == 3 && configuration.maximumConnections == 500)
        #expect(configuration.staleAfter == .seconds(60 * 86_400))
        #expect(configuration.maximumConnectionsPerAddress == 50 && configuration.maximumPending == 9)
        #expect(configuration.deadLetterLimits == DeadLetterLimits(maximumCount: 2, maximumBytes: 4 << 20))
        #expect(configuration.maximumDeadLetterAge == .seconds(3600))
        #expect(configuration.trustedProxies.map(\.description) == ["10.0.0.0/8", "2001:db8::1/128"])
        #expect(configuration.proxyProtocol && configuration.adminAddress.description == "127.0.0.2:2")
        #expect(configuration.admin.hosts == ["bridge.example.com", "b"] && configuration.admin.allowsActions)
        #expect(configuration.admin.tokens.map { $0.secret.matches("0123456789abcdef") } == [true])
        #expect(configuration.store == .sqlite(path: "/s.db"))
        #expect(
            configuration.topics.accountRegions.map(\.description).sorted() == [
                "111122223333/us-east-1", "444455556666/eu-west-1", "777788889999/eu-west-1",
            ])
        #expect(configuration.minimumSignatureVersion == .two)
        #expect(configuration.roles.roles.map { "\($0)=\($1)" } == ["111122223333=arn:aws:iam::111122223333:role/x/y"])
        #expect(configuration.roles.name == "p/Bridge" && configuration.roles.externalID == "e-1")
        #expect(configuration.subscriptions == SubscriptionManager.Policy(confirms: false, resubscribes: true))
        #expect(configuration.maximumMessageAge == .seconds(5400) && configuration.catchUpInterval == .seconds(900))
        #expect(try Self.configuration(flags: ["catchUp.interval": "off"]).catchUpInterval == nil)
        let credentials = configuration.eventBridge
        #expect(credentials.apiKeys.map { $0.matches("the-key") } == [true, false])
        #expect(credentials.apiKeys.map { $0.matches("next") } == [false, true])
        #expect(credentials.apiKeyHeader == "x-bridge-key" && credentials.basic?.matches("user:pass:word") == true)
        #expect(
            configuration.eventBridgeTokens
                == TokenVerifier.Settings(
                    issuer: "https://issuer.example/", audience: "bridge", jwksURL: "https://issuer.example/keys?a=b"))
        #expect(configuration.importsPerSecond == 2.5 && configuration.importBurst == 7)
        #expect(!configuration.checkSummaries && configuration.connectTo == ["a:1:b:2", "[::1]:1:[::2]:2"])
        #expect(
            try configuration.filter
                == FindingFilter(
                    minimumSeverity: .low, include: NamePatterns(entries: ["Fleet/*", "*_CHECK"]),
                    exclude: NamePatterns(entries: ["nozomi"])))
        #expect(configuration.productNames == ProductNames(product: "Defender Bridge", company: "Example AG"))
        #expect(configuration.userDefinedFields.entries == ["team=plant", "site={thing.attributes.site}"])
        #expect(try configuration.severities == SeverityRules(entries: ["Fleet/*=HIGH", "LOGGING_?=LOW"]))
        #expect(configuration.logLevel == .debug && configuration.logFormat == .json)
    }

    @Test("aws.regions restricts the Regions, and must match a topic")
    func regions() throws {
        let topics = "arn:aws:sns:us-east-1:111122223333:a,arn:aws:sns:eu-west-1:111122223333:a"
        let configuration = try Self.configuration(flags: ["sns.topics": topics, "aws.regions": "eu-west-1,eu-west-3"])
        #expect(configuration.topics.accountRegions.map(\.description) == ["111122223333/eu-west-1"])
        #expect(
            Self.line(flags: ["sns.topics": topics, "aws.regions": "eu-west-3"])
                == "aws.regions: no entry of sns.topics is in these Regions. Add the topics' Regions, or remove this key."
        )
    }

    @Test("OAuth tokens require issuer, audience and an HTTPS URL of the key set")
    func tokens() {
        let all = [
            "eventBridge.oauth.issuer": "i", "eventBridge.oauth.audience": "a",
            "eventBridge.oauth.jwksURL": "https://i.example/k",
        ]
        #expect(Self.line(flags: all) == nil)
        for key in all.keys {
            #expect(
                Self.line(flags: all.filter { $0.key != key })
                    == "\(key): not set, but another eventBridge.oauth key is. Set issuer, audience and jwksURL together."
            )
        }
        for url in [
            "http://i.example/k", "https://i.example", "https:///k", "https://u@i.example/k", "https://i.example/k#f",
            "https://i.example/a b", "https://?/k", "file:///k",
            "https://i.example/" + String(repeating: "k", count: 2048),
        ] {
            let line = Self.line(flags: all.merging(["eventBridge.oauth.jwksURL": url]) { _, last in last })
            #expect(
                line
                    == "eventBridge.oauth.jwksURL: invalid value \"\(url)\". Use a URL of the form https://HOST/PATH.")
        }
    }

    @Test("An asterisk as the account requires sns.accounts")
    func missingAccounts() {
        #expect(
            Self.line(flags: ["sns.topics": "arn:aws:sns:us-east-1:*:a"])
                == "sns.accounts: not set, but \"arn:aws:sns:us-east-1:*:a\" in sns.topics uses *. List the accounts that * "
                + "represents.")
    }

    @Test("Half of a TLS configuration is rejected with the missing key")
    func halfTLS() {
        #expect(
            Self.line(flags: ["listen.tls.certificate": "c"])
                == "listen.tls.privateKey: not set, but listen.tls.certificate is. Set it to the private key's file.")
        #expect(
            Self.line(flags: ["listen.tls.privateKey": "k"])
                == "listen.tls.certificate: not set, but listen.tls.privateKey is. Set it to the certificate's file.")
    }

    @Test("admin.allowActions requires a token; a token alone allows no actions")
    func actions() throws {
        #expect(
            Self.line(flags: ["admin.allowActions": "true"])
                == "admin.token: not set, but admin.allowActions is true. Set it to a long random token, or set admin.tokenFile "
                + "or admin.tokens."
        )
        #expect(Self.line(flags: ["admin.allowActions": "true", "admin.tokenFile": "/empty"]) != nil)
        #expect(try !Self.configuration(flags: ["admin.token": "0123456789abcdef"]).admin.allowsActions)
    }
}

import AWSClient
import AWSCore
import Cryptography
import EventLoop
import Logging
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

    @Test("Every key has its documented environment variable")
    func variables() {
        #expect(
            ConfigurationKey.all.map(\.environmentVariable) == [
                "BRIDGE_LISTEN_ADDRESS", "BRIDGE_LISTEN_TLS_CERTIFICATE", "BRIDGE_LISTEN_TLS_PRIVATE_KEY",
                "BRIDGE_LISTEN_LOOPS", "BRIDGE_LISTEN_MAX_CONNECTIONS", "BRIDGE_LISTEN_MAX_CONNECTIONS_PER_ADDRESS",
                "BRIDGE_LISTEN_TRUSTED_PROXIES", "BRIDGE_LISTEN_PROXY_PROTOCOL", "BRIDGE_ADMIN_ADDRESS",
                "BRIDGE_ADMIN_HOSTS", "BRIDGE_ADMIN_ALLOW_ACTIONS", "BRIDGE_ADMIN_TOKEN",
                "BRIDGE_STORE_URL", "BRIDGE_STORE_MAX_PENDING",
                "BRIDGE_DEAD_LETTERS_MAX_COUNT", "BRIDGE_DEAD_LETTERS_MAX_BYTES", "BRIDGE_DEAD_LETTERS_MAX_AGE",
                "BRIDGE_SNS_TOPICS", "BRIDGE_SNS_ACCOUNTS",
                "BRIDGE_SNS_MINIMUM_SIGNATURE_VERSION", "BRIDGE_SNS_MAX_MESSAGE_AGE", "BRIDGE_SNS_CONFIRM",
                "BRIDGE_SNS_RESUBSCRIBE",
                "BRIDGE_EVENT_BRIDGE_API_KEY", "BRIDGE_EVENT_BRIDGE_API_KEY_HEADER", "BRIDGE_EVENT_BRIDGE_BASIC",
                "BRIDGE_EVENT_BRIDGE_OAUTH_ISSUER", "BRIDGE_EVENT_BRIDGE_OAUTH_AUDIENCE",
                "BRIDGE_EVENT_BRIDGE_OAUTH_JWKS_URL", "BRIDGE_AWS_ROLES", "BRIDGE_AWS_ROLE_NAME",
                "BRIDGE_AWS_EXTERNAL_ID", "BRIDGE_AWS_REGIONS",
                "BRIDGE_SECURITY_HUB_REQUESTS_PER_SECOND", "BRIDGE_SECURITY_HUB_BURST",
                "BRIDGE_MAPPING_CHECK_SUMMARIES", "BRIDGE_MAPPING_SEVERITIES", "BRIDGE_MAPPING_STALE_AFTER",
                "BRIDGE_CATCH_UP_INTERVAL",
                "BRIDGE_NETWORK_CONNECT_TO",
                "BRIDGE_LOG_LEVEL",
                "BRIDGE_LOG_FORMAT",
            ])
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
        #expect(configuration.admin.token?.matches("0123456789abcdef") == true)
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
        #expect(try configuration.severities == SeverityRules(entries: ["Fleet/*=HIGH", "LOGGING_?=LOW"]))
        #expect(configuration.logLevel == .debug && configuration.logFormat == .json)
    }

    @Test(
        "An invalid value is reported in one line with the key, the problem and the remediation",
        arguments: [
            (
                "listen.address", "localhost",
                "invalid value \"localhost\". Use a numeric address with a port, for example 0.0.0.0:8080 or [::]:8080."
            ),
            (
                "admin.address", "1.2.3.4",
                "invalid value \"1.2.3.4\". Use a numeric address with a port, for example 0.0.0.0:8080 or [::]:8080."
            ),
            ("listen.loops", "0", "invalid value \"0\". Use a whole number from 1 to 64."),
            ("listen.maxConnections", "many", "invalid value \"many\". Use a whole number from 1 to 1000000."),
            ("listen.maxConnectionsPerAddress", "-1", "invalid value \"-1\". Use a whole number from 1 to 1000000."),
            (
                "listen.trustedProxies", "10.0.0.0/8,10.0.0.1/8",
                "invalid value \"10.0.0.1/8\". Use an address or a CIDR block, for example 10.0.0.0/8 or 2001:db8::/32."
            ),
            ("listen.proxyProtocol", "v2", "invalid value \"v2\". Use true or false."),
            (
                "listen.proxyProtocol", "true",
                "listen.trustedProxies is not set. Set it to the addresses of your load balancer."
            ),
            (
                "admin.hosts", "bridge, http://bridge",
                "invalid value \"http://bridge\". Use host names without scheme and port, for example bridge.example.com."
            ),
            ("admin.allowActions", "yes", "invalid value \"yes\". Use true or false."),
            ("admin.token", "pa55", "invalid value. Use 16 to 1024 visible ASCII characters."),
            ("admin.token", "a long text pa55", "invalid value. Use 16 to 1024 visible ASCII characters."),
            ("deadLetters.maxCount", "1", "invalid value \"1\". Use a whole number from 2 to 10000000."),
            (
                "deadLetters.maxBytes", "3MiB",
                "invalid value \"3MiB\". Use a size from 4MiB to 1TiB, for example 256MiB."
            ),
            (
                "deadLetters.maxAge", "59m", "invalid value \"59m\". Use a duration from 1h to 3650d, for example 90d."
            ),
            ("store.maxPending", "0", "invalid value \"0\". Use a whole number from 1 to 1000000000."),
            (
                "store.url", "mysql://user:pa55@host",
                "The store's URL must begin with sqlite:// or postgresql://, for example sqlite:///var/lib/bridge/store.db."
            ),
            (
                "sns.topics", "arn:aws:sqs:us-east-1:111122223333:q",
                "invalid value \"arn:aws:sqs:us-east-1:111122223333:q\". Use the ARN of an SNS topic, for example "
                    + "arn:aws:sns:us-east-1:111122223333:name; * can replace the name or the account. Append =ACCOUNT if "
                    + "the topic carries another account's findings, =* if it carries those of all sns.accounts."
            ),
            (
                "sns.topics", "\(topic),\(topic)=444455556666",
                "duplicate entry \"\(topic)=444455556666\". Remove one of the two."
            ),
            ("sns.accounts", "1", "invalid value \"1\". Use account ids of 12 digits."),
            (
                "sns.accounts", "111122223333",
                "no entry of sns.topics uses * as the account or ends in =*. Add such an entry, or remove this key."
            ),
            ("sns.confirm", "on", "invalid value \"on\". Use auto or off."),
            ("sns.resubscribe", "1", "invalid value \"1\". Use true or false."),
            ("sns.minimumSignatureVersion", "3", "invalid value \"3\". Use 1 or 2."),
            ("sns.maxMessageAge", "59s", "invalid value \"59s\". Use a duration from 1m to 24h, for example 1h."),
            ("sns.maxMessageAge", "25h", "invalid value \"25h\". Use a duration from 1m to 24h, for example 1h."),
            ("catchUp.interval", "0s", "invalid value \"0s\". Use a duration from 1m to 24h, for example 1h, or off."),
            (
                "catchUp.interval", "25h",
                "invalid value \"25h\". Use a duration from 1m to 24h, for example 1h, or off."
            ),
            (
                "eventBridge.apiKeyHeader", "a b",
                "invalid value \"a b\". Use a valid header field name, for example x-api-key."
            ),
            (
                "eventBridge.apiKey", "a,b,c",
                "more than 2 keys. Remove the keys that EventBridge no longer sends."
            ),
            ("eventBridge.basic", "pa55", "invalid value. Use the form USER:PASSWORD."),
            ("eventBridge.basic", "user:", "invalid value. Use the form USER:PASSWORD."),
            ("securityHub.requestsPerSecond", "0", "invalid value \"0\". Use a number from 0.1 to 1000."),
            ("securityHub.requestsPerSecond", "nan", "invalid value \"nan\". Use a number from 0.1 to 1000."),
            ("securityHub.burst", "1.5", "invalid value \"1.5\". Use a whole number from 1 to 1000."),
            ("securityHub.burst", "0x-7", "invalid value \"0x-7\". Use a whole number from 1 to 1000."),
            ("eventBridge.apiKey", "null", "a key is null. Set a random key, or remove this key."),
            ("mapping.checkSummaries", "yes", "invalid value \"yes\". Use true or false."),
            (
                "mapping.severities", "a=LOW,b",
                "\"b\" is not of the form pattern=LABEL. Write for example Fleet/*=HIGH."
            ),
            (
                "mapping.severities", "a=URGENT",
                "the label of \"a=URGENT\" is not a severity. Use one of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL."
            ),
            (
                "mapping.severities", "=LOW",
                "the pattern of \"=LOW\" is empty or longer than 256 characters. Write for example Fleet/*=HIGH."
            ),
            ("network.connectTo", "a:1:b", "invalid value \"a:1:b\". Use the form HOST:PORT:ADDRESS:PORT."),
            ("network.connectTo", "a:1:b:99999", "invalid value \"a:1:b:99999\". Use the form HOST:PORT:ADDRESS:PORT."),
            (
                "log.level", "loud",
                "invalid value \"loud\". Use one of trace, debug, info, notice, warning, error, critical."
            ),
            ("log.format", "xml", "invalid value \"xml\". Use text or json."),
            (
                "aws.roles", "111122223333=arn:aws:iam::111122223333:user/r",
                "invalid value \"111122223333=arn:aws:iam::111122223333:user/r\". Use an account and the ARN of a role, for example "
                    + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge."
            ),
            (
                "aws.roles", "111122223333=arn:aws:iam::444455556666:role/r",
                "the role of account 111122223333 belongs to account 444455556666. Use a role of account 111122223333."
            ),
            (
                "aws.roles", "1=x",
                "invalid value \"1=x\". Use an account and the ARN of a role, for example "
                    + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge."
            ),
            (
                "aws.roles",
                "111122223333=arn:aws:iam::111122223333:role/r,111122223333=arn:aws:iam::111122223333:role/s",
                "duplicate account 111122223333. Remove one of the two entries."
            ),
            (
                "aws.roleName", "arn:aws:iam::111122223333:role/r",
                "invalid value \"arn:aws:iam::111122223333:role/r\". Use a role name such as DefenderBridge, or its ARN with * as the "
                    + "account."
            ),
            (
                "aws.roleName", "a b",
                "invalid value \"a b\". Use a role name such as DefenderBridge, or its ARN with * as the account."
            ),
            ("aws.externalId", "x", "invalid value \"x\". Use 2 to 1224 letters, digits and _+=,.@:/-."),
            ("aws.externalId", "xy", "no role is configured. Set aws.roles or aws.roleName, or remove this key."),
            ("aws.regions", "Frankfurt", "invalid value \"Frankfurt\". Use a Region such as eu-central-1."),
            ("log.format", "a\nb\u{1B}[2J", "invalid value \"a\\u{A}b\\u{1B}[2J\". Use text or json."),
        ])
    func badValue(key: String, text: String, problem: String) {
        #expect(Self.line(flags: [key: text]) == "\(key): \(problem)")
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

    @Test("Unknown keys and variables are rejected, unrelated variables are not")
    func unknown() {
        #expect(
            Self.line(file: "listen:\n  adress: x\n")
                == "listen.adress: unknown key. Correct its name, or remove it from the file.")
        #expect(
            Self.line(file: "listen.addressFile: x\n")
                == "listen.addressFile: unknown key. Correct its name, or remove it from the file.")
        #expect(
            Self.line(environment: ["BRIDGE_LISTEN_ADRESS": "x"])
                == "BRIDGE_LISTEN_ADRESS: unknown setting. Correct the name of the variable, or unset it.")
        #expect(Self.line(environment: ["BRIDGEHEAD": "x", "AWS_REGION": "x"]) == nil)
    }

    @Test("A secret can be read from a file that any source names")
    func secretFile() throws {
        for configuration in [
            try Self.configuration(environment: ["BRIDGE_EVENT_BRIDGE_API_KEY_FILE": "/secret"]),
            try Self.configuration(file: "eventBridge:\n  apiKeyFile: /secret\n"),
            try Self.configuration(flags: ["eventBridge.apiKeyFile": "/secret"]),
        ] {
            #expect(configuration.eventBridge.apiKeys.first?.matches("from-file") == true)
        }
    }

    @Test("A secret's file that is missing, empty or redundant is rejected with its key")
    func badSecretFile() {
        let variable = "BRIDGE_EVENT_BRIDGE_API_KEY_FILE"
        #expect(
            Self.line(environment: [variable: "/nowhere"])
                == "eventBridge.apiKeyFile: the file /nowhere cannot be read")
        #expect(
            Self.line(environment: [variable: "/empty"])
                == "eventBridge.apiKeyFile: the file is empty. Write the value into it.")
        #expect(
            Self.line(environment: [variable: "/secret", "BRIDGE_EVENT_BRIDGE_API_KEY": "pa55"])
                == "eventBridge.apiKeyFile: eventBridge.apiKey is set, too. Set only one of the two.")
    }

    @Test("admin.allowActions requires a token; a token alone allows no actions")
    func actions() throws {
        #expect(
            Self.line(flags: ["admin.allowActions": "true"])
                == "admin.token: not set, but admin.allowActions is true. Set it to a long random token, or set admin.tokenFile."
        )
        #expect(Self.line(flags: ["admin.allowActions": "true", "admin.tokenFile": "/empty"]) != nil)
        #expect(try !Self.configuration(flags: ["admin.token": "0123456789abcdef"]).admin.allowsActions)
    }

    @Test("No error contains a secret")
    func noSecrets() throws {
        let file = "eventBridge:\n  apiKey: pa55\nlisten:\n  address: [\n  apiKey: \"pa55\n"
        for line in [
            Self.line(file: file), Self.line(file: "eventBridge:\n  apiKey: pa55\n   apiKeyHeader: pa55: pa55\n"),
            Self.line(file: "eventBridge:\n  apiKey: pa55\n  apiKey: pa55\n"),
            Self.line(flags: ["store.url": "postgresql://user:pa55@host:port/db"]),
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
    func badFile(text: String, expected: String) { #expect(Self.line(file: text) == expected) }

    @Test("Invalid YAML and duplicate keys are rejected with their position")
    func noYAML() throws {
        let broken = try #require(Self.line(file: "listen: [\n"))
        #expect(broken.hasPrefix("configuration file: invalid YAML: ") && broken.hasSuffix(". Correct the file."))
        #expect(broken.contains(" in line "))
        let twice = try #require(Self.line(file: "log:\n  level: info\n  level: debug\n"))
        #expect(twice.hasPrefix("configuration file: invalid YAML: duplicate key level in the mapping of line "))
    }

    @Test("Lists, anchors and empty files are read as YAML specifies")
    func yaml() throws {
        let topic = "arn:aws:sns:us-east-1:111122223333:"
        let listed = try Self.configuration(file: "sns:\n  topics:\n    - \(topic)a\n    - \(topic)b\n")
        #expect(listed.topics.patterns.count == 2)
        let anchored = try Self.configuration(
            file: "listen:\n  address: &a 127.0.0.1:7\nadmin:\n  address: *a\n")
        #expect(anchored.listenAddress.port == 7 && anchored.adminAddress.port == 7)
        for empty in ["", "# nothing\n", "log:\n  level:\n"] {
            #expect(try Self.configuration(file: empty).logLevel == .info)
        }
    }
}

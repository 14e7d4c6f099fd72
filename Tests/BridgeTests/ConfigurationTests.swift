import AWSClient
import AWSCore
import EventLoop
import Logging
import SNS
import SecurityFindings
import Store
import Testing

@testable import Bridge

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

    /// The one line that a configuration is refused with; nil if it is taken.
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

    @Test("Without any value the defaults hold")
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

    @Test("A flag counts before the environment, that before the file, and that before the default")
    func precedence() throws {
        let file = "listen:\n  address: 127.0.0.1:3\nsecurityHub:\n  burst: 3\n"
        let environment = ["BRIDGE_LISTEN_ADDRESS": "127.0.0.1:2", "OTHER": "x"]
        let all = try Self.configuration(
            flags: ["listen.address": "127.0.0.1:1"], environment: environment, file: file)
        #expect(all.listenAddress.port == 1 && all.importBurst == 3 && all.importsPerSecond == 10)
        #expect(try Self.configuration(environment: environment, file: file).listenAddress.port == 2)
        #expect(try Self.configuration(file: file).listenAddress.port == 3)
    }

    @Test("Every key has the environment variable of the documentation")
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
        "A value is the same from each place", arguments: ["environment", "file", "flag"])
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
        "A bad value is one line with the key, the problem and the cure",
        arguments: [
            (
                "listen.address", "localhost",
                "\"localhost\" is not a numeric address with a port, for example 0.0.0.0:8080 or [::]:8080"
            ),
            (
                "admin.address", "1.2.3.4",
                "\"1.2.3.4\" is not a numeric address with a port, for example 0.0.0.0:8080 or [::]:8080"
            ),
            ("listen.loops", "0", "\"0\" is not a whole number from 1 to 64; mend it"),
            ("listen.maxConnections", "many", "\"many\" is not a whole number from 1 to 1000000; mend it"),
            ("listen.maxConnectionsPerAddress", "-1", "\"-1\" is not a whole number from 1 to 1000000; mend it"),
            (
                "listen.trustedProxies", "10.0.0.0/8,10.0.0.1/8",
                "\"10.0.0.1/8\" is not an address or a block such as 10.0.0.0/8 or 2001:db8::/32; mend it"
            ),
            ("listen.proxyProtocol", "v2", "\"v2\" is not true or false; mend it"),
            (
                "listen.proxyProtocol", "true",
                "it needs listen.trustedProxies; name the addresses of your load balancer there"
            ),
            (
                "admin.hosts", "bridge, http://bridge",
                "\"http://bridge\" is not the name of a host, such as bridge.example.com; write it without scheme and port"
            ),
            ("admin.allowActions", "yes", "\"yes\" is not true or false; mend it"),
            ("admin.token", "pa55", "the value is not 16 to 1024 visible ASCII characters; mend it"),
            ("admin.token", "a long text pa55", "the value is not 16 to 1024 visible ASCII characters; mend it"),
            ("deadLetters.maxCount", "1", "\"1\" is not a whole number from 2 to 10000000; mend it"),
            (
                "deadLetters.maxBytes", "3MiB",
                "\"3MiB\" is not a number of bytes from 4MiB to 1TiB, for example 256MiB; mend it"
            ),
            (
                "deadLetters.maxAge", "59m", "\"59m\" is not a duration from 1h to 3650d, for example 90d; mend it"
            ),
            ("store.maxPending", "0", "\"0\" is not a whole number from 1 to 1000000000; mend it"),
            (
                "store.url", "mysql://user:pa55@host",
                "The store's URL must begin with sqlite:// or postgresql://, for example sqlite:///var/lib/bridge/store.db."
            ),
            (
                "sns.topics", "arn:aws:sqs:us-east-1:111122223333:q",
                "\"arn:aws:sqs:us-east-1:111122223333:q\" is not the ARN of an SNS topic, such as "
                    + "arn:aws:sns:us-east-1:111122223333:name, with * for the name or the account if need be, and =account "
                    + "behind it for another account's findings, or =* for those of all accounts of sns.accounts"
            ),
            (
                "sns.topics", "\(topic),\(topic)=444455556666",
                "the topics of \"\(topic)=444455556666\" are there twice; remove one entry"
            ),
            ("sns.accounts", "1", "\"1\" is not an account's 12 digits; mend it"),
            (
                "sns.accounts", "111122223333",
                "no entry of sns.topics has * for the account or =* behind it; write one, or remove the accounts"
            ),
            ("sns.confirm", "on", "\"on\" is not auto or off; mend it"),
            ("sns.resubscribe", "1", "\"1\" is not true or false; mend it"),
            ("sns.minimumSignatureVersion", "3", "\"3\" is not 1 or 2; mend it"),
            ("sns.maxMessageAge", "59s", "\"59s\" is not a duration from 1m to 24h, for example 1h; mend it"),
            ("sns.maxMessageAge", "25h", "\"25h\" is not a duration from 1m to 24h, for example 1h; mend it"),
            ("catchUp.interval", "0s", "\"0s\" is not a duration from 1m to 24h, for example 1h, or off; mend it"),
            ("catchUp.interval", "25h", "\"25h\" is not a duration from 1m to 24h, for example 1h, or off; mend it"),
            ("eventBridge.apiKeyHeader", "a b", "\"a b\" is not a header field's name; mend it"),
            (
                "eventBridge.apiKey", "a,b,c",
                "there are more than two keys; remove those that EventBridge sends no longer"
            ),
            ("eventBridge.basic", "pa55", "the value is not a user and a password with a colon between; mend it"),
            ("eventBridge.basic", "user:", "the value is not a user and a password with a colon between; mend it"),
            ("securityHub.requestsPerSecond", "0", "\"0\" is not a number from 0.1 to 1000; mend it"),
            ("securityHub.requestsPerSecond", "nan", "\"nan\" is not a number from 0.1 to 1000; mend it"),
            ("securityHub.burst", "1.5", "\"1.5\" is not a whole number from 1 to 1000; mend it"),
            ("securityHub.burst", "0x-7", "\"0x-7\" is not a whole number from 1 to 1000; mend it"),
            ("eventBridge.apiKey", "null", "a key is null; set a random key, or remove the setting"),
            ("mapping.checkSummaries", "yes", "\"yes\" is not true or false; mend it"),
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
            ("network.connectTo", "a:1:b", "\"a:1:b\" is not of the form host:port:address:port; mend it"),
            ("network.connectTo", "a:1:b:99999", "\"a:1:b:99999\" is not of the form host:port:address:port; mend it"),
            (
                "log.level", "loud",
                "\"loud\" is not one of trace, debug, info, notice, warning, error, critical; mend it"
            ),
            ("log.format", "xml", "\"xml\" is not text or json; mend it"),
            (
                "aws.roles", "111122223333=arn:aws:iam::111122223333:user/r",
                "\"111122223333=arn:aws:iam::111122223333:user/r\" is not an account and the ARN of a role, such as "
                    + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge; mend it"
            ),
            (
                "aws.roles", "111122223333=arn:aws:iam::444455556666:role/r",
                "the role of 111122223333 is one of 444455556666; name a role of the account itself"
            ),
            (
                "aws.roles", "1=x",
                "\"1=x\" is not an account and the ARN of a role, such as "
                    + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge; mend it"
            ),
            (
                "aws.roles",
                "111122223333=arn:aws:iam::111122223333:role/r,111122223333=arn:aws:iam::111122223333:role/s",
                "111122223333 is there twice; remove one entry"
            ),
            (
                "aws.roleName", "arn:aws:iam::111122223333:role/r",
                "\"arn:aws:iam::111122223333:role/r\" is not the name of a role, such as DefenderBridge, or its ARN with * for "
                    + "the account; mend it"
            ),
            (
                "aws.roleName", "a b",
                "\"a b\" is not the name of a role, such as DefenderBridge, or its ARN with * for the account; mend it"
            ),
            ("aws.externalId", "x", "\"x\" is not 2 to 1224 letters, digits and _+=,.@:/-; mend it"),
            ("aws.externalId", "xy", "there is no role; set aws.roles or aws.roleName, or remove it"),
            ("aws.regions", "Frankfurt", "\"Frankfurt\" is not a Region such as eu-central-1; mend it"),
            ("log.format", "a\nb\u{1B}[2J", "\"a\\u{A}b\\u{1B}[2J\" is not text or json; mend it"),
        ])
    func badValue(key: String, text: String, problem: String) {
        #expect(Self.line(flags: [key: text]) == "\(key): \(problem)")
    }

    @Test("Only the topics in aws.regions count; one of them must")
    func regions() throws {
        let topics = "arn:aws:sns:us-east-1:111122223333:a,arn:aws:sns:eu-west-1:111122223333:a"
        let configuration = try Self.configuration(flags: ["sns.topics": topics, "aws.regions": "eu-west-1,eu-west-3"])
        #expect(configuration.topics.accountRegions.map(\.description) == ["111122223333/eu-west-1"])
        #expect(
            Self.line(flags: ["sns.topics": topics, "aws.regions": "eu-west-3"])
                == "aws.regions: no entry of sns.topics is in one of these Regions; add theirs, or remove the key")
    }

    @Test("Tokens need issuer, audience and the address of the keys, by HTTPS")
    func tokens() {
        let all = [
            "eventBridge.oauth.issuer": "i", "eventBridge.oauth.audience": "a",
            "eventBridge.oauth.jwksURL": "https://i.example/k",
        ]
        #expect(Self.line(flags: all) == nil)
        for key in all.keys {
            #expect(
                Self.line(flags: all.filter { $0.key != key })
                    == "\(key): it is missing; give issuer, audience and jwksURL together")
        }
        for url in [
            "http://i.example/k", "https://i.example", "https:///k", "https://u@i.example/k", "https://i.example/k#f",
            "https://i.example/a b", "https://?/k", "file:///k",
            "https://i.example/" + String(repeating: "k", count: 2048),
        ] {
            let line = Self.line(flags: all.merging(["eventBridge.oauth.jwksURL": url]) { _, last in last })
            #expect(
                line
                    == "eventBridge.oauth.jwksURL: \"\(url)\" is not a URL of the form https://host/path; mend it")
        }
    }

    @Test("An asterisk for the account needs accounts")
    func missingAccounts() {
        #expect(
            Self.line(flags: ["sns.topics": "arn:aws:sns:us-east-1:*:a"])
                == "sns.accounts: it is missing; list the accounts that * stands for in \"arn:aws:sns:us-east-1:*:a\"")
    }

    @Test("Half of a TLS configuration names the other half")
    func halfTLS() {
        #expect(
            Self.line(flags: ["listen.tls.certificate": "c"])
                == "listen.tls.privateKey: it is missing; name the certificate's key file")
        #expect(
            Self.line(flags: ["listen.tls.privateKey": "k"])
                == "listen.tls.certificate: it is missing; name the certificate's file")
    }

    @Test("Keys and variables that do not exist are refused, others' variables are not")
    func unknown() {
        #expect(
            Self.line(file: "listen:\n  adress: x\n")
                == "listen.adress: there is no such key; remove it from the file or mend its spelling")
        #expect(
            Self.line(file: "listen.addressFile: x\n")
                == "listen.addressFile: there is no such key; remove it from the file or mend its spelling")
        #expect(
            Self.line(environment: ["BRIDGE_LISTEN_ADRESS": "x"])
                == "BRIDGE_LISTEN_ADRESS: there is no such setting; unset the variable or mend its spelling")
        #expect(Self.line(environment: ["BRIDGEHEAD": "x", "AWS_REGION": "x"]) == nil)
    }

    @Test("A secret can stand in a file, named in each place")
    func secretFile() throws {
        for configuration in [
            try Self.configuration(environment: ["BRIDGE_EVENT_BRIDGE_API_KEY_FILE": "/secret"]),
            try Self.configuration(file: "eventBridge:\n  apiKeyFile: /secret\n"),
            try Self.configuration(flags: ["eventBridge.apiKeyFile": "/secret"]),
        ] {
            #expect(configuration.eventBridge.apiKeys.first?.matches("from-file") == true)
        }
    }

    @Test("A secret's file that is missing, empty or one too many is refused by its key")
    func badSecretFile() {
        let variable = "BRIDGE_EVENT_BRIDGE_API_KEY_FILE"
        #expect(
            Self.line(environment: [variable: "/nowhere"])
                == "eventBridge.apiKeyFile: the file /nowhere cannot be read")
        #expect(
            Self.line(environment: [variable: "/empty"])
                == "eventBridge.apiKeyFile: the file is empty; put the value into it")
        #expect(
            Self.line(environment: [variable: "/secret", "BRIDGE_EVENT_BRIDGE_API_KEY": "pa55"])
                == "eventBridge.apiKeyFile: eventBridge.apiKey is given, too; give one of them")
    }

    @Test("Actions need a token, and a token without them does nothing")
    func actions() throws {
        #expect(
            Self.line(flags: ["admin.allowActions": "true"])
                == "admin.token: it is missing, and admin.allowActions needs it; give a long random one, or its file as "
                + "admin.tokenFile")
        #expect(Self.line(flags: ["admin.allowActions": "true", "admin.tokenFile": "/empty"]) != nil)
        #expect(try !Self.configuration(flags: ["admin.token": "0123456789abcdef"]).admin.allowsActions)
    }

    @Test("No refusal holds a secret")
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
        "A file that does not hold keys with values is refused in one line",
        arguments: [
            ("- a\n- b\n", "configuration file: it must hold keys with values, for example listen.address"),
            ("text", "configuration file: it must hold keys with values, for example listen.address"),
            ("sns:\n  topics: [[a]]\n", "sns.topics: the list must hold plain values only; write each as one text"),
            ("? [a]\n: b\n", "configuration file: its keys must be plain names; mend them"),
            (
                "listen:\n  address: 127.0.0.1:1\nlisten.address: 127.0.0.1:2\n",
                "listen.address: the file has it twice; remove one of them"
            ),
        ])
    func badFile(text: String, expected: String) { #expect(Self.line(file: text) == expected) }

    @Test("What is no YAML, or has a key twice, is refused with the place")
    func noYAML() throws {
        let broken = try #require(Self.line(file: "listen: [\n"))
        #expect(broken.hasPrefix("configuration file: it is not valid YAML: ") && broken.hasSuffix("; mend it"))
        #expect(broken.contains(" in line "))
        let twice = try #require(Self.line(file: "log:\n  level: info\n  level: debug\n"))
        #expect(twice.hasPrefix("configuration file: it is not valid YAML: level is there twice"))
    }

    @Test("Lists, anchors and an empty file are read as YAML says")
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

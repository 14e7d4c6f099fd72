import AWSCore
import Cryptography
import JSON
import Planning
import Processing
import SNS
import SourceMapping
import Testing

@testable import Bridge
@testable import Intake

@Suite("Configuration of mapped sources") struct MappedSourcesTests {
    static let secret = "0123456789abcdef"

    static func configuration(
        _ text: String, environment: [String: String] = [:]
    ) throws(ConfigurationError) -> BridgeConfiguration {
        try BridgeConfiguration(environment: environment, file: text, path: "/etc/b.yaml") {
            path throws(ConfigurationError) in
            switch path {
            case "/two": Array("\(secret)\r\n\n other-\(secret) \n".utf8)
            case "/empty": Array("\n".utf8)
            case "/etc/m.yaml": Array(BuiltInMapping.nozomi.text.utf8)
            case "/etc/broken.yaml": Array("id: [$.a]\nids: 1\n".utf8)
            default: throw ConfigurationError("x", "cannot read \(path). Check the path.")
            }
        }
    }

    static func lines(_ text: String, environment: [String: String] = [:]) -> [String] {
        do throws(ConfigurationError) {
            _ = try configuration(text, environment: environment)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    /// A source with a webhook that has this authentication.
    static func webhook(_ auth: String, name: String = "a", more: String = "") -> String {
        """
        sources:
          \(name):
            mapping: nozomi
            webhook:
              account: "111122223333"
              region: eu-central-1
              auth: \(auth)
        \(more)
        """
    }

    private static func authentication(
        _ auth: String, environment: [String: String] = [:]
    ) throws -> WebhookAuthentication? {
        try configuration(webhook(auth), environment: environment).sources.first?.webhook?.authentication
    }

    @Test("Sources are read in the order of the file, with all keys")
    func all() throws {
        let topic = "arn:aws:sns:eu-central-1:111122223333:"
        let sources = try Self.configuration(
            """
            sns: {topics: "\(topic)dd"}
            sources:
              z-plant:
                mapping: ./m.yaml
                topics: ["\(topic)z=444455556666"]
                events: [{source: [x]}, {detail: {a: [{prefix: b}]}}]
                accounts: ["111122223333"]
                rateLimit: 100
                expireAfter: 7d
              a1:
                mapping: alertmanager
                events: [{source: [y]}]
                accounts: all
                webhook:
                  account: "111122223333"
                  region: eu-west-1
                  auth: {bearer: {token: \(Self.secret)}}
            """
        ).sources
        #expect(sources.map(\.name) == ["z-plant", "a1"])
        let (plant, other) = (try #require(sources.first), try #require(sources.last))
        #expect(plant.mapping.name == "/etc/m.yaml" && plant.mapping.mapping.canArchive)
        let account = try AccountRegion(
            account: #require(AccountID("444455556666")), region: #require(Region("eu-central-1")))
        #expect(plant.topics.accountRegions == [account] && plant.events.count == 2)
        #expect(plant.events.map { $0.matches(["source": "x"]) } == [true, false])
        #expect(plant.eventAccounts == .listed(try [#require(AccountID("111122223333"))]))
        #expect(plant.rateLimit == 100 && plant.expireAfter == .seconds(7 * 86_400) && plant.webhook == nil)
        #expect(other.eventAccounts == .all && other.rateLimit == nil && other.expireAfter == nil)
        #expect(other.webhook?.accountRegion.description == "111122223333/eu-west-1")
        #expect(other.topics.patterns.isEmpty)
        #expect(try Self.configuration("sources:\n").sources.isEmpty)
        #expect(try Self.configuration("sources: {}\n").sources.isEmpty)
    }

    @Test("Catch-up covers sources whose alarms CloudWatch lists: not those with a webhook, nor of another mapping")
    func alarmSources() throws {
        let webhook = "{account: \"111122223333\", region: us-east-1, auth: {bearer: {token: \(Self.secret)}}}"
        let topic = "arn:aws:sns:us-east-1:111122223333"
        let configuration = try Self.configuration(
            """
            sources:
              both: {mapping: cloudwatch-alarm, topics: ["\(topic):a"], webhook: \(webhook)}
              posted: {mapping: cloudwatch-alarm, webhook: \(webhook)}
              listed: {mapping: cloudwatch-alarm, topics: ["\(topic):b"]}
              other: {mapping: nozomi, topics: ["\(topic):c"]}
            """)
        let accountRegion = try #require(ARN("\(topic):b")).accountRegion
        #expect(configuration.processing.alarmSources(of: accountRegion) == ["listed"])
        #expect(configuration.processing.alarmAccountRegions == [accountRegion])
        #expect(configuration.processing.sources["posted"]?.alarms?.isListable == false)
    }

    @Test("Each method of authentication is read")
    func authentication() throws {
        guard case .apiKey("x-key", let keys)? = try Self.authentication("{apiKey: {header: X-Key, keysFile: /two}}")
        else {
            Issue.record("no API key")
            return
        }
        #expect(keys.map { $0.matches(Self.secret) } == [true, false] && keys[1].matches("other-" + Self.secret))
        guard
            case .basic(let user, let passwords)? = try Self.authentication(
                "{basic: {user: u, password: [\(Self.secret)1, \(Self.secret)2]}}")
        else {
            Issue.record("no Basic")
            return
        }
        #expect(user.matches("u") && passwords.count == 2 && passwords[1].matches(Self.secret + "2"))
        guard
            case .token(let settings)? = try Self.authentication(
                "{bearer: {issuer: i, audience: a, jwksURL: 'https://i/k'}}")
        else {
            Issue.record("no token")
            return
        }
        #expect(settings == TokenVerifier.Settings(issuer: "i", audience: "a", jwksURL: "https://i/k"))
    }

    @Test("The presets and all keys of a signature are read")
    func signatures() throws {
        func signature(_ hmac: String) throws -> WebhookSignature {
            guard case .signature(let signature)? = try Self.authentication("{hmac: \(hmac)}") else {
                throw ConfigurationError("hmac", "none")
            }
            return signature
        }
        let github = try signature("{preset: github, secret: \(Self.secret)}")
        #expect(github.header == "x-hub-signature-256" && github.prefix == "sha256=" && github.encoding == .hex)
        #expect(!github.content.hasTimestamp && github.timestampHeader == nil)
        #expect(github.secrets.first?.matches(Self.secret) == true)
        let standard = try signature("{preset: standard-webhooks, secret: whsec_MDEyMzQ1Njc4OWFiY2RlZg==}")
        #expect(standard.secrets.first?.matches(Self.secret) == true && standard.content == .idTimestampAndBody)
        #expect(standard.idHeader == "webhook-id" && standard.timestampHeader == "webhook-timestamp")
        let own = try signature(
            "{algorithm: sha1, encoding: base64, header: X-S, prefix: 'v0=', timestampHeader: X-T, tolerance: 60s, "
                + "signed: timestamp.body, secret: MDEyMzQ1Njc4OWFiY2RlZg==, secretEncoding: base64}")
        #expect(own.algorithm == .sha1 && own.encoding == .base64 && own.header == "x-s" && own.prefix == "v0=")
        #expect(own.timestampHeader == "x-t" && own.tolerance == .seconds(60) && own.idHeader == nil)
        #expect(own.secrets.first?.matches(Self.secret) == true)
    }

    @Test("Secrets come from variables, then from the file; each is read in lines")
    func secrets() throws {
        let variable = "BRIDGE_SOURCES_A_TOKEN"
        for (auth, environment) in [
            ("{bearer: {}}", [variable: Self.secret]), ("{bearer: {token: \(Self.secret)x}}", [variable: Self.secret]),
            ("{bearer: {}}", [variable + "_FILE": "/two"]),
            ("{bearer: {tokenFile: /none}}", [variable: " \(Self.secret)\nother-\(Self.secret)\n"]),
        ] {
            guard case .bearer(let tokens)? = try Self.authentication(auth, environment: environment) else {
                Issue.record("no token")
                continue
            }
            #expect(tokens.first?.matches(Self.secret) == true && (1...2).contains(tokens.count))
        }
        let unknown = [
            "\(variable)S", "BRIDGE_SOURCES_B_TOKEN", "BRIDGE_SOURCES_A_SECRET", "BRIDGE_SOURCES",
        ]
        for name in unknown {
            let fix =
                name.hasSuffix("TOKENS") || name.hasSuffix("TOKEN")
                ? "Did you mean \(variable)?" : "Correct the name of the variable, or unset it."
            #expect(
                Self.lines(Self.webhook("{bearer: {token: \(Self.secret)}}"), environment: [name: Self.secret])
                    == ["\(name): unknown setting. \(fix)"])
        }
        #expect(Self.lines("", environment: [variable: Self.secret]).count == 1)
    }

    @Test("A reload applies changes of sources, and names the sources that changed")
    func reload() throws {
        let before = try Self.configuration(Self.webhook("{bearer: {token: \(Self.secret)}}"))
        for (text, applied) in [
            (Self.webhook("{bearer: {token: \(Self.secret)1}}"), ["sources.a"]),
            (Self.webhook("{bearer: {tokenFile: /two}}"), ["sources.a"]),
            ("", ["sources", "sources.a"]),
            (Self.webhook("{bearer: {token: \(Self.secret)}}", name: "b"), ["sources", "sources.a", "sources.b"]),
        ] {
            let after = try Self.configuration(text)
            let reload = ConfigurationReload(started: before, running: before, read: after)
            #expect(reload.applied == applied && reload.kept.isEmpty)
        }
        let unchanged = ConfigurationReload(started: before, running: before, read: before)
        #expect(unchanged.applied.isEmpty && unchanged.kept.isEmpty)
    }
}

import Foundation
import JSON
import TestSupport
import Testing

@testable import Bridge

/// Holds the JSON Schema, by which editors check `bridge.yaml`, against the reader.
@Suite("Schema of the configuration file") struct ConfigurationSchemaTests {
    private static let secret = "0123456789abcdef"

    /// The tree of a file as an editor reads it.
    private static func tree(_ text: String) throws -> JSON {
        let document = try YAMLDocument(text, file: "bridge.yaml")
        return document.root == nil ? .null : try YAMLTree(document).value
    }

    /// Why the reader rejects a file; nil if it accepts it.
    private static func problem(_ text: String) -> String? {
        do throws(ConfigurationError) {
            _ = try BridgeConfiguration(environment: [:], file: text, path: "/etc/bridge.yaml") { path in
                Array((path.hasSuffix(".yaml") ? BuiltInMapping.nozomi.text : secret).utf8)
            }
            return nil
        } catch {
            return error.description
        }
    }

    /// Whether the schema accepts each tree.
    private static func verdicts(_ texts: [String]) async throws -> [Bool] {
        let input: JSON = ["schema": ConfigurationSchema.json, "documents": .array(try texts.map(tree))]
        let output = try await Program.python(
            """
            import json, sys, jsonschema
            given = json.load(sys.stdin)
            jsonschema.Draft202012Validator.check_schema(given["schema"])
            validator = jsonschema.Draft202012Validator(given["schema"])
            print(json.dumps([validator.is_valid(document) for document in given["documents"]]))
            """, input: input.serialized())
        return try #require(try JSON(parsing: output).array).map { $0 == true }
    }

    /// The configuration files in deploy/: that of the service, and the blocks of documents that have keys of the
    /// configuration only.
    private static func examples() throws -> [String] {
        let groups = Set(ConfigurationKey.all.map { String($0.name.prefix { $0 != "." }) } + ["sources"])
        let folder = Repository.file("deploy/docs")
        let documents = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
        let blocks = try documents.sorted().flatMap { name in
            try Repository.text(of: "deploy/docs/\(name)").components(separatedBy: "```yaml\n").dropFirst().map {
                $0.components(separatedBy: "```")[0]
            }
        }
        return [try Repository.text(of: "deploy/systemd/bridge.yaml")]
            + blocks.filter { block in
                guard let names = (try? tree(block))?.object?.keys.map(\.string) else { return false }
                return names.allSatisfy { groups.contains(String($0.prefix { $0 != "." })) } && problem(block) == nil
            }
    }

    @Test("The schema and the reader accept the examples of deploy/")
    func valid() async throws {
        let examples = try Self.examples()
        #expect(examples.count > 4)
        for example in examples { #expect(Self.problem(example) == nil, "\(example)") }
        for (example, accepts) in zip(examples, try await Self.verdicts(examples)) { #expect(accepts, "\(example)") }
    }

    @Test("The schema and the reader accept each form of a value")
    func forms() async throws {
        let topic = "arn:aws:sns:us-east-1:111122223333:a"
        let texts = [
            "", "listen: {address: '[::1]:8080', loops: 2, trustedProxies: [10.0.0.0/8, '::1']}\n",
            "listen.address: 0.0.0.0:80\nlisten.tls.certificate: /c\nlisten: {tls: {privateKey: /k}}\n",
            "sns:\nlog: {level: }\n",
            "sns: {topics: \(topic), minimumSignatureVersion: 2, confirm: off, ignore: [{source: [x]}]}\n",
            "sns: {topics: ['arn:aws:sns:us-east-1:*:a', \(topic)x=*], accounts: [111122223333, '444455556666']}\n",
            "deadLetters: {maxBytes: 5000000, maxAge: 30d}\nstore: {url: sqlite:///s.db}\n",
            "deadLetters: {maxBytes: 4MiB}\ncatchUp: {interval: off}\nmapping: {staleAfter: 30d}\n",
            "mapping: {severities: 'a=LOW,b=HIGH', checkSummaries: false}\nsecurityHub: {requestsPerSecond: 0.5}\n",
            "aws: {roles: ['111122223333=arn:aws:iam::111122223333:role/r'], externalId: ab, regions: us-east-1}\n",
            "eventBridge: {apiKey: [\(Self.secret), \(Self.secret)x], basic: 'u:\(Self.secret)', apiKeyHeader: x-key}\n",
            "log: {level: warn, format: json}\nadmin: {tokenFile: /t, allowActions: true, hosts: bridge}\n",
            Self.source("auth: {hmac: {preset: github, secret: \(Self.secret)}}"),
            Self.source("auth: {basic: {userFile: /u, password: [\(Self.secret), \(Self.secret)x]}}"),
            Self.source("auth: {bearer: {issuer: i, audience: a, jwksURL: 'https://i/k'}}"),
            Self.source(
                "auth: {hmac: {secretFile: /s, algorithm: sha256, encoding: hex, header: x, signed: timestamp.body, "
                    + "timestampHeader: t, tolerance: 5m}}"),
        ]
        for text in texts { #expect(Self.problem(text) == nil, "\(text)") }
        for (text, accepts) in zip(texts, try await Self.verdicts(texts)) { #expect(accepts, "\(text)") }
    }

    private static func source(_ auth: String, more: String = "") -> String {
        """
        sources:
          plant:
            mapping: nozomi
            webhook:
              account: "111122223333"
              region: eu-central-1
              \(auth)
        \(more)
        """
    }

    @Test("The schema and the reader reject the same mistakes")
    func invalid() async throws {
        let texts = [
            "listen: {adress: '0.0.0.0:1'}\n", "sns.topic: x\n", "listen: 8080\n", "- a\n",
            "listen: {address: localhost}\n",
            "listen: {loops: 65}\n", "listen: {loops: 1.5}\n", "listen: {proxyProtocol: v2}\n",
            "listen: {trustedProxies: [x]}\n",
            "admin: {token: short}\n", "admin: {hosts: ['http://a']}\n", "store: {url: file.db}\n",
            "store: {maxPending: 0}\n",
            "deadLetters: {maxBytes: 4MB}\n", "deadLetters: {maxAge: soon}\n", "sns: {topics: [x]}\n",
            "sns: {accounts: ['1']}\n",
            "sns: {confirm: on}\n", "sns: {ignore: [3]}\n", "sns: {minimumSignatureVersion: 3}\n",
            "eventBridge: {apiKey: [a, b, c]}\n", "eventBridge: {basic: pa55}\n", "eventBridge: {apiKeyHeader: a b}\n",
            "eventBridge: {oauth: {issuer: i, audience: a, jwksURL: 'http://i/k'}}\n",
            "securityHub: {requestsPerSecond: 0}\n", "aws: {roles: ['1=x']}\n", "aws: {externalId: x}\n",
            "aws: {regions: [Frankfurt]}\n",
            "mapping: {severities: [a=URGENT]}\n", "mapping: {staleAfter: never}\n", "catchUp: {interval: 1w}\n",
            "network: {connectTo: ['a:1:b']}\n", "log: {level: loud}\n", "log: {format: xml}\n",
            "sources: [a]\n", "sources:\n  Bad_Name: {mapping: nozomi, events: [{source: [x]}], accounts: all}\n",
            "sources:\n  a: {mapping: nozomi}\n", "sources:\n  a: {events: [{source: [x]}], accounts: all}\n",
            "sources:\n  a: {mapping: nozomi, events: [{source: [x]}]}\n",
            "sources:\n  a: {mapping: nozomi, events: [{source: [x]}], accounts: ['1']}\n",
            "sources:\n  a: {mapping: nozomi, topics: ['x=*']}\n",
            Self.source("auth: {}"), Self.source("auth: {digest: {}}"), Self.source("authentication: {}"),
            Self.source("auth: {bearer: {token: short}}"), Self.source("auth: {apiKey: {keys: \(Self.secret)}}"),
            Self.source("auth: {bearer: {token: \(Self.secret)}, basic: {user: u, password: \(Self.secret)}}"),
            Self.source("auth: {bearer: {token: \(Self.secret), issuer: i, audience: a, jwksURL: 'https://i/k'}}"),
            Self.source("auth: {bearer: {issuer: i}}"),
            Self.source("auth: {basic: {user: 'a:b', password: \(Self.secret)}}"),
            Self.source("auth: {hmac: {preset: gitlab, secret: \(Self.secret)}}"),
            Self.source("auth: {hmac: {preset: github, secret: \(Self.secret), header: x}}"),
            Self.source("auth: {hmac: {secret: \(Self.secret), encoding: hex, header: x, signed: body}}"),
            Self.source("auth: {bearer: {token: \(Self.secret)}}", more: "    rateLimit: 1.5\n"),
            Self.source("auth: {bearer: {token: \(Self.secret)}}", more: "    expireAfter: 7w\n"),
        ]
        for text in texts { #expect(Self.problem(text) != nil, "\(text)") }
        for (text, accepts) in zip(texts, try await Self.verdicts(texts)) { #expect(!accepts, "\(text)") }
    }

    @Test("Every key has a schema with its description")
    func keys() throws {
        let definitions = try #require(ConfigurationSchema.json["$defs"]?.object)
        for key in ConfigurationKey.all {
            #expect(definitions[.init(key.name)]?["description"]?.string == key.help, "\(key.name)")
        }
        let source = try #require(definitions["source"]?["properties"]?.object)
        #expect(Set(source.keys.map(\.string)) == Set(SourceKey.allCases.map(\.rawValue)))
    }
}

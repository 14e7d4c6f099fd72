import JSON
import Testing

@testable import Bridge
@testable import Intake

@Suite("Problems of mapped sources") struct MappedSourceErrorTests {
    private static let secret = MappedSourcesTests.secret
    private static let topic = "arn:aws:sns:eu-central-1:111122223333:"

    @Test("All problems are reported, with file, line and key")
    func allProblems() {
        let lines = MappedSourcesTests.lines(
            """
            sns:
              topics: \(Self.topic)dd
            sources:
              Bad_Name: {mapping: nozomi, topics: ["\(Self.topic)x"]}
              none:
              a:
                mapping: dragos-cef
                topics:
                  - \(Self.topic)dd
                  - \(Self.topic)a
              b:
                mapping: broken.yaml
                topics: ["\(Self.topic)*"]
                rateLimit: 1.5
              c:
                mapping: missing.yaml
                event: [{source: [x]}]
                accounts: all
                webhook: {account: 111122223333, region: here}
            """)
        let start = "/etc/b.yaml"
        #expect(
            lines == [
                "\(start):4: sources.Bad_Name: invalid name of a source. Use 1 to 64 lowercase letters, digits and dashes.",
                "\(start):5: sources.none: no value instead of keys and values. Write keys and values, for example mapping: nozomi.",
                "\(start):6: sources.a: missing key expireAfter, which is required because mapping dragos-cef archives no finding. Add it, for example expireAfter: 7d.",
                "\(start):14: sources.b.rateLimit: invalid value. Use a whole number from 1 to 100000.",
                "\(start):17: sources.c.event: unknown key. Did you mean events?",
                "\(start):18: sources.c.accounts: accounts without events. Add events, or remove the key.",
                "\(start):19: sources.c.webhook.account: a number instead of text. Write text, for example \"111122223333\".",
                "\(start):19: sources.c.webhook.region: invalid value \"here\". Use a Region such as eu-central-1.",
                "\(start):19: sources.c.webhook: missing key auth. Add it, for example auth: {bearer: {tokenFile: FILE}}.",
                "\(start):9: sources.a.topics[0]: the topic is in sns.topics, too. List each topic once, and name the topics where * includes it.",
                "\(start):13: sources.b.topics[0]: the topic is in sns.topics, too. List each topic once, and name the topics where * includes it.",
            ] + lines.suffix(lines.count - 11))
        #expect(lines.contains("/etc/broken.yaml:2: ids: unknown key. Did you mean id?"))
        #expect(lines.last == "\(start):16: sources.c.mapping: cannot read /etc/missing.yaml. Check the path.")
    }

    @Test(
        "Invalid authentication is reported with its key, and without secrets",
        arguments: [
            ("{}", "auth: no method of authentication. "),
            ("{bearer: {token: \(secret)}, basic: {user: u, password: \(secret)}}", "auth: more than one method"),
            ("{bearer: }", "auth.bearer: no value. "),
            ("{bearer: {}}", "auth.bearer: missing key token. Add it or tokenFile, or set BRIDGE_SOURCES_A_TOKEN."),
            ("{bearer: {token: short-pa55}}", "auth.bearer.token: value of fewer than 16 bytes. "),
            ("{bearer: {token: \(secret), tokenFile: /two}}", "auth.bearer.tokenFile: token is set, too. "),
            ("{bearer: {tokenFile: /none}}", "auth.bearer.tokenFile: cannot read /none. "),
            ("{bearer: {tokenFile: /empty}}", "auth.bearer.tokenFile: the file is empty. "),
            ("{bearer: {token: [\(secret)a, \(secret)b, \(secret)c]}}", "auth.bearer.token: list of 3 elements. "),
            ("{bearer: {token: 1234567890123456}}", "auth.bearer.token: a number instead of text. "),
            ("{bearer: {token: \(secret), issuer: i}}", "auth.bearer: both a token and an issuer. "),
            ("{bearer: {issuer: i, audience: a, jwksURL: 'http://i/k'}}", "auth.bearer.jwksURL: invalid value "),
            ("{apiKey: {keys: \(secret)}}", "auth.apiKey: missing key header. "),
            ("{apiKey: {header: 'a b', keys: \(secret)}}", "auth.apiKey.header: invalid value \"a b\". "),
            ("{basic: {user: 'a:b', password: \(secret)}}", "auth.basic: user with a colon. "),
            ("{hmac: {preset: gitlab, secret: \(secret)}}", "auth.hmac.preset: unknown word \"gitlab\". "),
            (
                "{hmac: {preset: github, secret: \(secret), header: x}}",
                "auth.hmac.header: the preset sets this key, too"
            ),
            ("{hmac: {preset: standard-webhooks, secret: '\(secret)!'}}", "auth.hmac.secret: not Base64 of at least "),
            ("{hmac: {preset: standard-webhooks, secret: whsec_c2hvcnRzaG9ydA==}}", "auth.hmac.secret: not Base64 of "),
            (
                "{hmac: {secret: \(secret), encoding: hex, header: x, signed: body}}",
                "auth.hmac: missing key algorithm. "
            ),
            (
                "{hmac: {secret: \(secret), algorithm: sha256, encoding: hex, header: x, signed: timestamp.body}}",
                "auth.hmac: missing key timestampHeader. "
            ),
            (
                "{hmac: {secret: \(secret), algorithm: sha256, encoding: hex, header: x, signed: body, idHeader: i}}",
                "auth.hmac.idHeader: not part of the signed text. "
            ),
            ("{digest: {}}", "auth.digest: unknown key. "),
        ])
    func authentication(auth: String, expected: String) {
        let lines = MappedSourcesTests.lines(MappedSourcesTests.webhook(auth))
        #expect(lines.contains { $0.hasPrefix("/etc/b.yaml:7: sources.a.webhook.\(expected)") }, "\(lines)")
        #expect(!lines.joined().contains(Self.secret) && !lines.joined().contains("pa55"))
    }

    @Test(
        "Invalid sources are reported",
        arguments: [
            ("sources: [a]\n", ":1: sources: a list instead of sources. "),
            ("sources:\n  a: {mapping: nozomi}\n", ":2: sources.a: no topics, events or webhook. "),
            ("sources:\n  a: {topics: [x]}\n", ":2: sources.a: missing key mapping. "),
            (
                "sources:\n  a: {mapping: nozomi, events: [{source: [x]}]}\n",
                ":2: sources.a: missing key accounts. Add it, for example accounts: all."
            ),
            (
                "sources:\n  a: {mapping: nozomi, events: [{source: x}], accounts: all}\n",
                ":2: sources.a.events[0]: source: "
            ),
            (
                "sources:\n  a: {mapping: nozomi, events: [{source: [x]}], accounts: [\"1\"]}\n",
                ":2: sources.a.accounts[0]: invalid value \"1\". "
            ),
            (
                "sources:\n  a: {mapping: nozomi, topics: [\"\(topic)a=*\"]}\n",
                ":2: sources.a.topics[0]: invalid value "
            ),
            (
                "sources:\n  a: {mapping: nozomi, topics: [\"arn:aws:sns:eu-west-1:*:a\"]}\n",
                ":2: sources.a.topics: \"arn:aws:sns:eu-west-1:*:a\" uses *, and sns.accounts is not set. "
            ),
            (
                "sources:\n  a: {mapping: nozomi, topics: [\"\(topic)a\", \"\(topic)a=444455556666\"]}\n",
                ":2: sources.a.topics: duplicate entry "
            ),
            (
                "sources:\n  a: {mapping: nozomi, topics: [\"\(topic)a\"]}\n  b:\n    mapping: nozomi\n"
                    + "    topics: [\"\(topic)b\",\n      \"\(topic)a\"]\n",
                ":6: sources.b.topics[1]: the topic is in source a, too. "
            ),
            (
                "sources:\n  a: {mapping: nozomi, topics: [\"\(topic)a\"], expireAfter: 1s}\n",
                ":2: sources.a.expireAfter: invalid value \"1s\". Use a duration from 1m to 85d, for example 7d."
            ),
            ("sources: &a\n  a: {}\n", ":1: sources: YAML anchors and aliases are not supported. "),
            (
                "sources:\n  a: {mapping: nozomy, topics: [\"\(topic)a\"]}\n",
                ":2: sources.a.mapping: unknown mapping \"nozomy\". "
            ),
        ])
    func invalid(text: String, expected: String) {
        let lines = MappedSourcesTests.lines(text)
        #expect(lines.contains { $0.hasPrefix("/etc/b.yaml\(expected)") }, "\(lines)")
    }

    @Test("Patterns of sns.ignore are read from the file with lines, and from flags and variables as JSON")
    func ignored() throws {
        let file = "sns:\n  ignore:\n    - {source: [x]}\n    - {a: [{prefix: b}]}\n"
        let json = #"[{"source": ["x"]}, {"a": [{"prefix": "b"}]}]"#
        for configuration in [
            try MappedSourcesTests.configuration(file),
            try MappedSourcesTests.configuration("sns.ignore: [{source: [x]}, {a: [{prefix: b}]}]\n"),
            try ConfigurationTests.configuration(flags: ["sns.ignore": json]),
            try ConfigurationTests.configuration(environment: ["BRIDGE_SNS_IGNORE": json]),
        ] {
            let ignored = configuration.ignoredMessages
            #expect(ignored.contains(["source": "x"]) && ignored.contains(["a": "bc"]))
            #expect(!ignored.contains(["source": "y"]) && !ignored.contains("x"))
            #expect(!ignored.contains(["source": "x", "violationEventType": "in-alarm"]))
        }
        #expect(try !MappedSourcesTests.configuration("sns: {ignore: []}\n").ignoredMessages.contains(["a": "b"]))
        let lines = MappedSourcesTests.lines("sns:\n  ignore:\n    - {a: [{prefx: b}]}\n    - 3\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("/etc/b.yaml:3: sns.ignore[0]: a[0]: unknown operator \"prefx\". ") == true)
        #expect(lines.last?.hasPrefix("/etc/b.yaml:4: sns.ignore[1]: ") == true)
        #expect(
            ConfigurationTests.line(flags: ["sns.ignore": "{}"])
                == "sns.ignore: invalid value \"{}\". Use a JSON array of event patterns.")
        #expect(
            ConfigurationTests.line(flags: ["sns.ignore": #"[{"a": 1}]"#])?.hasPrefix("sns.ignore: [0]: a: ") == true)
    }
}

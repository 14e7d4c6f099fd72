import Encoding
import JSON
import TestSupport
import Testing

@testable import AWSClient

@Suite("Shared files and command lines", .timeLimit(.minutes(15)))
struct SharedFileTests {
    private static let pieces = [
        "[a]\n", "[profile b]\n", "[DEFAULT]\n", "k = v\n", "K: w = x\n", "k2=\n", "  more\n", "\n", "# c = d\n",
        " ; e\n",
        "x=y # z\n", "[ spaced ]\n", "[a] tail\n", "\tn = 1\n", "k3 : [no]\n", "text\n", "=v\n", "k\u{E4}=\u{FC}\n",
        "s3 =\n  a = b\n  c = d\n", "[a][b]\n", "k4=v\r\n",
    ]
    private static let program = """
        import configparser, json, sys
        answers = []
        for text in json.load(sys.stdin):
            parser = configparser.RawConfigParser()
            try:
                parser.read_string(text)
                answers.append({name: dict(parser.items(name)) for name in parser.sections()})
            except Exception:
                answers.append(None)
        print(json.dumps(answers))
        """

    @Test("A shared file is parsed like by Python's configparser, which botocore uses")
    func profileFiles() async throws {
        var random = SeededGenerator(seed: 7)
        let texts = (0..<2000).map { _ in
            (0..<Int.random(in: 1...7, using: &random)).map { _ in
                Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &random)]
            }.joined()
        }
        let given = JSON.array(texts.map(JSON.string)).serialized()
        let parsed = try JSON(
            parsing: Array(try await Program.python(Self.program, input: given).utf8),
            limits: JSONLimits(values: 1_000_000))
        var read = 0
        for (text, expected) in zip(texts, try #require(parsed.array)) {
            let ours = try? ProfileFile(text)
            read += ours == nil ? 0 : 1
            let sections = ours.map { JSON.object(JSON.Members($0.sections.mapValues { JSON(texts: $0) })) }
            #expect(sections ?? .null == expected, "\(text.debugDescription)")
        }
        #expect(read > 200)
    }

    @Test("A command line is split like by Python's shlex")
    func words() async throws {
        var random = SeededGenerator(seed: 8)
        let characters = ["a", "b", " ", "\t", "'", "\"", "\\", "$", "=", "\u{FC}", "  "]
        let texts = (0..<3000).map { _ in
            (0..<Int.random(in: 1...9, using: &random)).map { _ in
                characters[Int.random(in: 0..<characters.count, using: &random)]
            }.joined()
        }
        let program = """
            import json, shlex, sys
            def split(text):
                try: return shlex.split(text)
                except ValueError: return None
            print(json.dumps([split(text) for text in json.load(sys.stdin)]))
            """
        let text = try await Program.python(program, input: JSON.array(texts.map(JSON.string)).serialized())
        let parsed = try JSON(parsing: Array(text.utf8), limits: JSONLimits(values: 1_000_000))
        for (text, expected) in zip(texts, try #require(parsed.array)) {
            let ours = ShellWords.split(text).map { JSON.array($0.map(JSON.string)) }
            #expect(ours ?? .null == expected, "\(text.debugDescription)")
        }
    }

    @Test(
        "Timestamps are parsed and formatted in AWS's formats",
        arguments: [
            ("2026-11-22T10:00:00Z", 1_795_341_600_000), ("2026-11-22T10:00:00.123456Z", 1_795_341_600_123),
            ("2026-11-22T12:00:00+02:00", 1_795_341_600_000), ("2026-11-22T08:30:00-0130", 1_795_341_600_000),
            ("2026-11-22 10:00:00", 1_795_341_600_000), ("2026-13-22T10:00:00Z", nil), ("2026-11-22", nil), ("", nil),
            ("2026-11-22T10:00:00Zx", nil),
        ] as [(String, Int64?)])
    func moments(text: String, milliseconds: Int64?) {
        #expect(Timestamp(credentialsExpiration: text)?.milliseconds == milliseconds)
    }
}

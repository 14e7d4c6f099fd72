import JSON
import TestSupport
import Testing

@testable import SourceMapping

/// Compares ``CEFMessage`` with `pycef`, a public decoder, on random messages.
///
/// pycef reads less than the format has: it decodes no escapes, rejects backslashes, equals signs and empty fields in the
/// header, drops empty values, and replaces `cs1` by the text of `cs1Label`. The messages of the comparison have none of
/// these in the header, no empty values and no labels, and the script decodes the escapes of values.
@Suite("CEF: pycef")
struct CEFDifferentialTests {
    private static let script = #"""
        import json, re, sys
        try:
            import pycef
        except ImportError:
            sys.exit("The differential test needs a package: python3 -m pip install pycef")

        HEADER = {"DeviceVendor": "vendor", "DeviceProduct": "product", "DeviceVersion": "version",
                  "DeviceEventClassID": "signature", "Name": "name", "Severity": "severity"}
        IGNORED = {"DeviceName", "DeviceSeverity", "CEFVersion"}

        def unescape(text):
            return re.sub(r"\\([\\=nr])", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), text)

        def parse(text):
            values = pycef.parse(text)
            if values is None:
                return None
            result = {"extension": {}}
            for key, value in values.items():
                if key in HEADER:
                    result[HEADER[key]] = value
                elif key not in IGNORED:
                    result["extension"][key] = unescape(value)
            return result

        json.dump([parse(text) for text in json.load(sys.stdin.buffer)], sys.stdout)
        """#

    private func ask(_ texts: [String]) async throws -> [JSON] {
        let output = try await Program.python(Self.script, input: JSON.array(texts.map(JSON.string)).serialized())
        let results = try #require(try JSON(parsing: output, limits: JSONLimits(values: 1_000_000)).array)
        try #require(results.count == texts.count)
        return results
    }

    @Test("random messages have the same fields")
    func random() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("The random messages have seed \(seed).")
        let messages = (0..<3000).map { index in
            var random = RandomCEF(seed: seed &+ UInt64(index))
            return random.message(isPlain: true)
        }
        for (message, theirs) in zip(messages, try await ask(messages.map(\.text))) {
            let note = "seed \(seed): \(message.text.debugDescription)"
            #expect(try CEFMessage.decode(message.text) == theirs, "\(note)")
            #expect(message.json == theirs, "\(note)")
        }
    }

    @Test("of a key that occurs twice, pycef uses the last value, too")
    func duplicates() async throws {
        let text = "CEF:0|v|p|1|s|n|5|a=1 b=2 a=3"
        #expect(try await ask([text]) == [try CEFMessage.decode(text)])
    }

    @Test("unescaped equals signs in a value: pycef loses most of the value, this decoder keeps it")
    func equalsSigns() async throws {
        let text = "CEF:0|v|p|1|s|n|5|request=https://h/?x=1&y=2 act=b"
        #expect(try CEFMessage.decode(text)["extension"] == ["request": "https://h/?x=1&y=2", "act": "b"])
        #expect(try await ask([text])[0]["extension"]?["request"] != "https://h/?x=1&y=2")
    }
}

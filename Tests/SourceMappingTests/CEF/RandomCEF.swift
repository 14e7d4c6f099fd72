import JSON
import TestSupport

/// Makes random messages as the document of CEF describes them, with what they mean.
struct RandomCEF {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    /// A text without spaces at its ends.
    private mutating func value(of parts: [String], minimum: Int = 0) -> String {
        var value = (0..<Int.random(in: minimum...5, using: &generator)).map { _ in pick(parts) }.joined()
        while value.utf8.first == 0x20 { value.removeFirst() }
        while value.utf8.last == 0x20 { value.removeLast() }
        return value
    }

    private static func escaped(_ text: String, _ escapes: [Unicode.Scalar: String]) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            if let escape = escapes[scalar] { result += escape } else { result.unicodeScalars.append(scalar) }
        }
    }

    private static let headers = [
        "", "<134>", "Sep 19 08:26:10 host ", "<13>Sep  9 08:26:10 10.0.0.1 app[12]: ", "<13>2026-09-19T08:26:10Z h ",
        "<134>1 2026-09-19T08:26:10.123+02:00 host app 12 ID47 - ",
        "<134>1 - - - - - [a@1 b=\"CEF:0|\\\"\\]\"][c] \u{FEFF}",
    ]

    /// - Parameter isPlain: whether the header and the values are restricted to what pycef can read.
    mutating func message(isPlain: Bool = false) -> (text: String, json: JSON) {
        let (words, symbols) = (["a", "Pump 7", " ", "10.0.0.1", "é", "="], ["|", "\\", "n", "\u{0}", "😀"])
        // pycef reads the first `CEF:`, also in structured data.
        var text = pick(isPlain ? Self.headers.dropLast() : Self.headers) + "CEF:0|"
        var json: JSON.Members = [:]
        for name in ["vendor", "product", "version", "signature", "name", "severity"] {
            let value = isPlain ? "x" + value(of: ["a", " b", "é", "1.0"]) : value(of: words + symbols)
            json[UTF8Text(name)] = .string(value)
            text += Self.escaped(value, ["|": "\\|", "\\": "\\\\"]) + "|"
        }
        var members: JSON.Members = [:]
        var fields: [String] = []
        for key in ["src", "cs1", "c6a2", "_cefVer", "msg"].shuffled(using: &generator).prefix(
            .random(in: 0...5, using: &generator))
        {
            let value =
                isPlain
                ? "x" + value(of: ["a", " b", "é", "=", "\\", "|", "\n"]) : value(of: words + symbols + ["\n", "\r"])
            members[UTF8Text(key)] = .string(value)
            fields.append("\(key)=" + Self.escaped(value, ["=": "\\=", "\\": "\\\\", "\n": "\\n", "\r": "\\r"]))
        }
        json["extension"] = .object(members)
        return (text + fields.joined(separator: " "), .object(json))
    }
}

/// The subset of XML that the query protocol of AWS STS and Amazon SNS needs.
enum XMLText {
    /// The size limit of an element's text, in bytes.
    private static let maximumLength = 16_384

    /// The text of the first element with this name, which must have neither attributes nor children; nil if there is
    /// none.
    static func element(_ name: String, in document: [UInt8]) -> String? {
        guard let start = document.firstRange(of: Array("<\(name)>".utf8)) else { return nil }
        let rest = document[start.upperBound...].prefix(maximumLength + 1)
        guard let end = rest.firstIndex(of: UInt8(ascii: "<")),
            document[end...].starts(with: "</\(name)>".utf8),
            let text = String(validating: rest[..<end], as: UTF8.self)
        else { return nil }
        return unescaped(text)
    }

    /// The content of each element with this name, which must have no attributes and must not be nested.
    static func blocks(_ name: String, in document: [UInt8]) -> [[UInt8]] {
        let (open, close) = (Array("<\(name)>".utf8), Array("</\(name)>".utf8))
        var blocks: [[UInt8]] = []
        var rest = document[...]
        while let start = rest.firstRange(of: open),
            let end = rest[start.upperBound...].firstRange(of: close)
        {
            blocks.append(Array(rest[start.upperBound..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return blocks
    }

    /// Replaces the predefined entity references; nil if there are others.
    private static func unescaped(_ text: String) -> String? {
        var result = ""
        var rest = Substring(text)
        while let ampersand = rest.firstIndex(of: "&") {
            result += rest[..<ampersand]
            rest = rest[ampersand...]
            guard let (reference, character) = references.first(where: { rest.hasPrefix($0.0) }) else { return nil }
            result.append(character)
            rest = rest.dropFirst(reference.count)
        }
        return result + rest
    }

    private static let references: [(String, Character)] = [
        ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"),
        ("&#34;", "\""),
    ]
}

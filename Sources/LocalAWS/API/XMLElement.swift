/// An XML element in a response of AWS's query protocol.
struct XMLElement {
    private let name: String
    private let namespace: String?
    private let content: Content

    private enum Content {
        case text(String)
        case children([XMLElement])
    }

    init(_ name: String, _ text: String) {
        self.name = name
        namespace = nil
        content = .text(text)
    }

    init(_ name: String, namespace: String? = nil, _ children: [XMLElement]) {
        self.name = name
        self.namespace = namespace
        content = .children(children)
    }

    /// The element as text.
    var text: String {
        let attribute = namespace.map { " xmlns=\"\(Self.escaped($0))\"" } ?? ""
        switch content {
        case .text(let text): return "<\(name)\(attribute)>\(Self.escaped(text))</\(name)>"
        case .children(let children):
            return "<\(name)\(attribute)>\(children.map(\.text).joined())</\(name)>"
        }
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            // XML 1.0 does not allow the other control characters, not even as references.
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

import JSON

/// The fields of a message before its extension, separated by `|`. A `|` in a field is escaped as `\|`, a backslash as
/// `\\`.
struct CEFHeader {
    /// The names of the fields after the version of CEF, in the order of the message.
    private static let names = ["vendor", "product", "version", "signature", "name", "severity"]

    private let bytes: [UInt8]
    /// The offset of the next field; after ``parse()``, of the extension.
    private(set) var position: Int

    /// - Parameter start: the offset after `CEF:`.
    init(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        position = start
    }

    /// Parses the version of CEF and the six fields after it.
    mutating func parse() throws(CEFError) -> JSON.Members {
        let start = position
        // A relay that takes `CEF:` for the tag of RFC 3164 writes a space after it, as rsyslog's default template
        // does. It is dropped like the spaces around every field.
        let version = nextField().utf8
        guard version.elementsEqual("0".utf8) || version.elementsEqual("1".utf8) else {
            throw CEFError(
                "The version after CEF: is neither 0 nor 1. Configure the sender to write CEF:0.", at: start, in: bytes)
        }
        var members: JSON.Members = [:]
        for (index, name) in Self.names.enumerated() {
            guard position <= bytes.count else {
                throw CEFError(
                    "The header ends after \(index) of 6 fields. "
                        + "Write CEF:0|vendor|product|version|signature|name|severity|.", at: bytes.count, in: bytes)
            }
            members[name] = .string(nextField())
        }
        return members
    }

    /// The field at the position. The position is left after the `|` that ends it, or beyond the end of the text.
    private mutating func nextField() -> String {
        var value: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "|") {
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count,
                bytes[position + 1] == UInt8(ascii: "|") || bytes[position + 1] == UInt8(ascii: "\\")
            {
                position += 1
            }
            value.append(bytes[position])
            position += 1
        }
        position += 1
        return String(decoding: CEFMessage.trim(value[...]), as: UTF8.self)
    }
}

package import JSON

/// A message in ArcSight's Common Event Format (OpenText, "Implementing ArcSight Common Event Format"), CEF 0 and 1:
///
///     [syslog header] CEF:0|vendor|product|version|signature|name|severity|key=value key=value
///
/// Senders deviate from the document, so everything that has one plausible meaning is accepted:
/// - The extension, and the `|` before it, may be missing. Fields of the header may be empty.
/// - A value ends before ` key=`, so it may contain spaces and, against the document, unescaped `=`, as in URLs.
/// - A backslash that begins no escape is kept: Windows paths are often sent without escapes.
/// - Spaces around a field or value, and line breaks at the end of the message, are dropped. Empty values are kept.
/// - Keys consist of letters and digits, as the document says, and of `_`, `.`, `-`, `,`, `[` and `]`, which ArcSight's
///   own connectors (`_cefVer`, `ad.field[0]`) and other senders use.
/// - Of a key that occurs twice, the last value counts, as in Elastic's, Logstash's and pycef's decoders, so that a
///   finding shows what other products show for the same message.
package enum CEFMessage {
    /// The maximum length of a message in UTF-8 bytes: that of a webhook's body.
    package static let maximumLength = 1_048_576
    /// The maximum number of fields in the extension.
    package static let maximumFields = 1000

    /// Decodes a message, at a cost linear in its length.
    ///
    /// - Returns: `{vendor, product, version, signature, name, severity, extension: {key: value, …}}`. All values are
    ///   strings, also numbers. `version` is the product's.
    /// - Throws: ``CEFError``, with the position of the first error.
    package static func decode(_ text: String) throws(CEFError) -> JSON {
        guard text.utf8.count <= maximumLength else {
            throw CEFError("The message is longer than \(maximumLength) bytes. Shorten it.", at: 0, in: [])
        }
        var bytes = Array(text.utf8)
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        let start = try SyslogHeader.end(in: bytes)
        var header = CEFHeader(bytes, from: start)
        var members = try header.parse()
        if let second = SyslogHeader.nextMessage(in: bytes, after: start) {
            throw CEFError("A second message follows. Send each message as an item of its own.", at: second, in: bytes)
        }
        members["extension"] = .object(try CEFExtension.parse(bytes, from: header.position))
        return .object(members)
    }

    /// Drops the spaces around a value.
    static func trim(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let value = value.drop { $0 == 0x20 }
        guard let last = value.lastIndex(where: { $0 != 0x20 }) else { return [] }
        return value[...last]
    }
}

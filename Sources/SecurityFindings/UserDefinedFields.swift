package import JSON

/// The attributes of a thing in AWS IoT, by name.
package typealias ThingAttributes = [UTF8Text: String]

/// The configured user-defined fields of findings (`mapping.userDefinedFields`): fixed values, and attributes of the thing
/// that a finding is about.
///
/// Security Hub keeps the fields of an existing finding when it is imported again ("Using BatchImportFindings to create and
/// update findings", AWS Security Hub User Guide). They are changed by `BatchUpdateFindings`.
package struct UserDefinedFields: Sendable, Hashable {
    /// No fields.
    package static let none = UserDefinedFields(fields: [])
    /// The maximum length of all names and values of a finding, in bytes. Further fields are left out.
    static let maximumBytes = 16_384

    private enum Value: Sendable, Hashable {
        case fixed(String)
        /// The attribute of a thing with this name.
        case attribute(UTF8Text)
    }

    private struct Field: Sendable, Hashable {
        let name: UTF8Text
        let value: Value
        let entry: String
    }

    private let fields: [Field]

    private init(fields: [Field]) { self.fields = fields }

    /// Parses fields of the form `NAME=VALUE`, in which the value is a text or `{thing.attributes.NAME}`.
    ///
    /// - Throws: ``InvalidPatternError`` for the first invalid entry.
    package init(entries: [String]) throws(InvalidPatternError) {
        guard entries.count <= FindingLimits.mapEntries else {
            throw InvalidPatternError(
                description: "more than \(FindingLimits.mapEntries) fields. Remove the least important.")
        }
        var fields: [Field] = []
        for entry in entries {
            let field = try Self.field(entry)
            guard !fields.contains(where: { $0.name == field.name }) else {
                throw InvalidPatternError(
                    description: "duplicate field \"\(field.name.string)\". Remove one of the two.")
            }
            fields.append(field)
        }
        self.fields = fields
    }

    private static func field(_ entry: String) throws(InvalidPatternError) -> Field {
        let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw InvalidPatternError(
                description:
                    "\"\(entry)\" is not of the form NAME=VALUE. Write for example site={thing.attributes.site}.")
        }
        guard FindingText.bounded(parts[0], to: FindingLimits.productFieldKey) == parts[0] else {
            throw InvalidPatternError(
                description: "the name of \"\(entry)\" is empty, not plain text, or longer than "
                    + "\(FindingLimits.productFieldKey) characters. Write for example team=plant.")
        }
        return Field(name: UTF8Text(parts[0]), value: try value(parts[1], of: entry), entry: entry)
    }

    private static func value(_ text: String, of entry: String) throws(InvalidPatternError) -> Value {
        guard FindingText.bounded(text, to: FindingLimits.userDefinedValue) == text else {
            throw InvalidPatternError(
                description: "the value of \"\(entry)\" is empty, not plain text, or longer than "
                    + "\(FindingLimits.userDefinedValue) characters. Write for example team=plant.")
        }
        guard text.contains("{") || text.contains("}") else { return .fixed(text) }
        let (start, end) = ("{thing.attributes.", "}")
        let name = text.dropFirst(start.count).dropLast(end.count)
        guard text.hasPrefix(start), text.hasSuffix(end), isAttributeName(name) else {
            throw InvalidPatternError(
                description: "the value of \"\(entry)\" is not the attribute of a thing. "
                    + "Write for example {thing.attributes.site}, alone.")
        }
        return .attribute(UTF8Text(String(name)))
    }

    /// Whether a thing may have an attribute of this name (AWS IoT API Reference, `AttributePayload`).
    private static func isAttributeName(_ name: some StringProtocol) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "_.,@/:#-".utf8.contains(byte)
                }
            }
    }

    /// The fields as ``init(entries:)`` parses them.
    package var entries: [String] { fields.map(\.entry) }

    /// Whether attributes of things are needed.
    package var readsThings: Bool { fields.contains { if case .attribute = $0.value { true } else { false } } }

    /// The fields of a finding, in the order of the configuration up to the maximum length.
    ///
    /// - Parameters:
    ///   - thing: the attributes of the thing that the finding is about; nil if they are not known.
    ///   - current: the fields that the finding has: while attributes are not known, those fields keep their values.
    package func values(of thing: ThingAttributes?, current: TextMap = TextMap()) -> TextMap {
        var map = TextMap(capacity: fields.count)
        var length = 0
        for field in fields {
            let text: String? =
                switch field.value {
                case .fixed(let text): text
                case .attribute(let name):
                    thing.map { $0[name].flatMap { FindingText.bounded($0, to: FindingLimits.userDefinedValue) } }
                        ?? current[field.name.string]
                }
            guard let text else { continue }
            length += field.name.string.utf8.count + text.utf8.count
            if length > Self.maximumBytes { break }
            map.add(field.name.string, text)
        }
        return map
    }

    /// Whether fields differ from the fixed ones, or lack one from an attribute. An attribute that the thing does not have
    /// counts as lacking.
    package func isIncomplete(_ current: TextMap) -> Bool {
        fields.contains { field in
            let text = current[field.name.string]
            return if case .fixed(let fixed) = field.value { text.map { Array($0.utf8) } != Array(fixed.utf8) } else {
                text == nil
            }
        }
    }
}

/// A JSON value (RFC 8259).
///
/// Numbers keep the text they were written with, so that no precision is lost between reading and writing. Objects
/// have no order: writing sorts their members by name, so that equal values give equal bytes. Names and strings are
/// compared and hashed by their UTF-8 bytes; see ``UTF8Text``.
public enum JSON: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number as written, in JSON's grammar (for example `-1.5e3`).
    case number(String)
    /// A string, unescaped.
    case string(String)
    /// An array of values.
    case array([JSON])
    /// An object: its members by name.
    case object(Members)

    /// The members of an object by name.
    public typealias Members = [UTF8Text: JSON]
}

extension JSON {
    /// Whether both are the same value; texts are compared by their UTF-8 bytes.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): UTF8Text(left) == UTF8Text(right)
        case (.string(let left), .string(let right)): UTF8Text(left) == UTF8Text(right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    /// Feeds the kind and the content into a hasher; texts by their UTF-8 bytes.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value ? 1 : 2)
        case .number(let text):
            hasher.combine(3)
            hasher.combine(UTF8Text(text))
        case .string(let text):
            hasher.combine(4)
            hasher.combine(UTF8Text(text))
        case .array(let elements):
            hasher.combine(5)
            hasher.combine(elements)
        case .object(let members):
            hasher.combine(6)
            hasher.combine(members)
        }
    }
}

extension JSON {
    /// A number from an integer.
    public static func integer(_ value: some BinaryInteger) -> JSON { .number(String(value)) }

    /// An object whose members are all strings.
    public init(texts: [String: String]) { self = .object(Members(texts.mapValues(JSON.string))) }

    /// The member with this name, or nil if there is none or this is not an object.
    public subscript(name: String) -> JSON? {
        if case .object(let members) = self { members[UTF8Text(name)] } else { nil }
    }

    /// The members of an object, or nil for any other value.
    public var object: Members? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The elements of an array, or nil for any other value.
    public var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text of a string, or nil for any other value.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of a boolean, or nil for any other value.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The value of a number that is written as an integer and fits into 64 bits, or nil.
    public var integer: Int64? {
        if case .number(let text) = self { Int64(text) } else { nil }
    }

    /// The nearest double to a number, or nil for any other value and for numbers too large for a double.
    public var double: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object; of members with the same name, the last one applies.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Members(elements.map { (UTF8Text($0), $1) }, uniquingKeysWith: { _, last in last }))
    }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
}

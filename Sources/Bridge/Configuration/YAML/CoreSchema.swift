import JSON
import Yams

/// Parses values by YAML's core schema (YAML 1.2.2, section 10.3.2), wherever they are set.
///
/// The key decides whether its value is read as a boolean, a number or a text.
enum CoreSchema {
    /// The spellings of `null`.
    static let nulls: Set<String> = ["null", "Null", "NULL", "~"]

    /// Whether a scalar is `null`, unquoted or by its tag. A quoted scalar is a text.
    static func isNull(_ scalar: Node.Scalar) -> Bool {
        switch scalar.tag.description {
        case Tag.Name.null.rawValue: true
        case Tag.Name.implicit.rawValue:
            scalar.style == .plain && (scalar.string.isEmpty || nulls.contains(scalar.string))
        default: false
        }
    }

    /// Whether a node has no tag of its own.
    static func hasNoTag(_ node: Node) -> Bool {
        switch node {
        case .scalar(let scalar):
            // Yams gives quoted scalars the tag of texts.
            scalar.tag.description == (scalar.style == .plain ? Tag.Name.implicit : .str).rawValue
        case .mapping(let mapping): mapping.tag.description == Tag.Name.implicit.rawValue
        case .sequence(let sequence): sequence.tag.description == Tag.Name.implicit.rawValue
        case .alias: true
        }
    }

    /// The value of a scalar without a tag: null, a boolean, a number, or text. A number that JSON cannot write (`.inf`,
    /// `.nan`, or one with a prefix beyond 64 bits) is text.
    static func value(_ scalar: Node.Scalar) -> JSON {
        if isNull(scalar) { return .null }
        guard scalar.style == .plain else { return .string(scalar.string) }
        if let flag = boolean(scalar.string) { return .bool(flag) }
        return number(scalar.string).map(JSON.number) ?? .string(scalar.string)
    }

    /// Parses `true`, `True`, `TRUE`, `false`, `False` and `FALSE`; nil for anything else.
    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// Parses a decimal number with an optional sign, `0o17` or `0xF`; nil for anything else and on overflow.
    static func integer(_ text: String) -> Int? {
        for (prefix, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(prefix) {
            let digits = text.dropFirst(prefix.count)
            // Int accepts a sign, which the schema does not allow after a prefix.
            guard let first = digits.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else {
                return nil
            }
            return Int(digits, radix: radix)
        }
        return Int(text)
    }

    /// A number in JSON's grammar, with the digits as written; nil for anything else.
    static func number(_ text: String) -> String? {
        if text.hasPrefix("0o") || text.hasPrefix("0x") { return integer(text).map { String($0) } }
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = removeDigits(from: &rest)
        var fraction = ""
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = removeDigits(from: &rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty, let exponent = removeExponent(from: &rest), rest.isEmpty else {
            return nil
        }
        let digits = whole.drop { $0 == "0" }
        return (isNegative ? "-" : "") + (digits.isEmpty ? "0" : digits) + (fraction.isEmpty ? "" : "." + fraction)
            + exponent
    }

    /// Removes an exponent; empty if there is none, nil if it has no digits.
    private static func removeExponent(from rest: inout Substring.UTF8View) -> String? {
        guard rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return "" }
        rest.removeFirst()
        var sign = ""
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            sign = rest.removeFirst() == UInt8(ascii: "-") ? "-" : "+"
        }
        let digits = removeDigits(from: &rest)
        return digits.isEmpty ? nil : "e" + sign + digits
    }

    private static func removeDigits(from rest: inout Substring.UTF8View) -> String {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest[digits.endIndex...]
        return String(decoding: digits, as: UTF8.self)
    }
}

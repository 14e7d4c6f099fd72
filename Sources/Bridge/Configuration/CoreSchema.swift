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
}

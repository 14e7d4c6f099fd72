import Yams

/// The types of plain values in YAML's core schema (YAML 1.2.2, section 10.3.2), which hold for values from every place.
/// What a key expects decides whether a value counts as a boolean, a number or a text.
enum CoreSchema {
    /// The spellings of `null`.
    static let nulls: Set<String> = ["null", "Null", "NULL", "~"]

    /// Whether a scalar is `null`: without quotes, or by its tag. A quoted one is a text.
    static func isNull(_ scalar: Node.Scalar) -> Bool {
        switch scalar.tag.description {
        case Tag.Name.null.rawValue: true
        case Tag.Name.implicit.rawValue:
            scalar.style == .plain && (scalar.string.isEmpty || nulls.contains(scalar.string))
        default: false
        }
    }

    /// `true`, `True`, `TRUE` or the same of `false`; nil for anything else.
    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// A decimal number, with a sign or without, `0o17` or `0xF`; nil for anything else, and for what does not fit.
    static func integer(_ text: String) -> Int? {
        for (prefix, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(prefix) {
            let digits = text.dropFirst(prefix.count)
            // Int takes a sign, too, which stands nowhere behind a prefix.
            guard let first = digits.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else {
                return nil
            }
            return Int(digits, radix: radix)
        }
        return Int(text)
    }
}

extension String {
    /// The text with everything escaped, like `\u{A}`, that could end a line, steer a terminal or change the direction
    /// of writing.
    package func escapingControls() -> String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var escaped = ""
        for scalar in unicodeScalars {
            if scalar.isControl {
                escaped += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension [UInt8] {
    /// Appends a text as a JSON string (RFC 8259, section 7). What ``String/escapingControls()`` escapes is escaped here, too.
    mutating func appendJSONString(_ text: String) {
        append(UInt8(ascii: "\""))
        if Self.needsEscapes(text.utf8Span.span) { appendEscaped(text) } else { self += text.utf8 }
        append(UInt8(ascii: "\""))
    }

    private static func needsEscapes(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where bytes[index].needsEscape { return true }
        return false
    }

    private mutating func appendEscaped(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": self += #"\""#.utf8
            case "\\": self += #"\\"#.utf8
            case "\n": self += #"\n"#.utf8
            case "\r": self += #"\r"#.utf8
            case "\t": self += #"\t"#.utf8
            case _ where scalar.isControl:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    self += "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8
                }
            case _ where scalar.isASCII: append(UInt8(truncatingIfNeeded: scalar.value))
            default: self += scalar.utf8
            }
        }
    }
}

extension UInt8 {
    /// Whether it may need an escape in a JSON string: it is a quote, a backslash, a control character, or not ASCII.
    fileprivate var needsEscape: Bool {
        self < 0x20 || self >= 0x7F || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\")
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        guard value >= 0x7F else { return value < 0x20 }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }
}

extension String {
    /// The text with everything escaped, like `\u{A}`, that could end a line, steer a terminal or change the direction
    /// of writing.
    package func escapingControls() -> String {
        escapingControls { "\\u{\(String($0.value, radix: 16, uppercase: true))}" }
    }

    /// A text of JSON with the same escaped inside its strings, as JSON does it (RFC 8259, section 7).
    func escapingControlsInJSON() -> String {
        escapingControls { scalar in
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }.joined()
        }
    }

    private func escapingControls(_ escape: (Unicode.Scalar) -> String) -> String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var escaped = ""
        for scalar in unicodeScalars {
            if scalar.isControl { escaped += escape(scalar) } else { escaped.unicodeScalars.append(scalar) }
        }
        return escaped
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}

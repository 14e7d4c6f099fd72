/// An error in an event pattern: where, what and what to write instead.
package struct EventPatternError: Error, Hashable, CustomStringConvertible {
    /// The location in the pattern, for example `detail.state[0].numeric`; empty for the pattern itself.
    package let location: String
    /// What is wrong, as a clause without a period.
    package let problem: String
    /// What to write instead, as a sentence.
    package let fix: String

    init(_ location: PatternLocation, _ problem: String, fix: String) {
        self.location = location.text
        self.problem = problem
        self.fix = fix
    }

    /// One line: location, problem and fix.
    package var description: String { "\(location.isEmpty ? "event pattern" : location): \(problem). \(fix)" }
}

/// A location in an event pattern, written as a path.
struct PatternLocation {
    let text: String

    static let root = PatternLocation(text: "")

    func member(_ name: String) -> PatternLocation {
        if Self.isPlain(name) { return PatternLocation(text: text.isEmpty ? name : "\(text).\(name)") }
        return PatternLocation(text: "\(text)['\(Self.printable(name))']")
    }

    func element(_ index: Int) -> PatternLocation { PatternLocation(text: "\(text)[\(index)]") }

    /// The text in quotes for an error message, shortened and without invisible characters.
    static func quoted(_ text: String) -> String { "\"\(printable(text))\"" }

    private static func isPlain(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "$"):
                    true
                default: false
                }
            }
    }

    private static func printable(_ text: String) -> String {
        var result = ""
        for (index, scalar) in text.unicodeScalars.prefix(65).enumerated() {
            if index == 64 { return result + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .nonspacingMark,
                .enclosingMark, .spacingMark:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                if scalar == "'" || scalar == "\"" || scalar == "\\" { result += "\\" }
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

import JSON

/// A filter as written in a template: a name and, after a colon, its argument.
enum TemplateFilter {
    case text(TextFilter)
    /// The separator of several values.
    case join(String)

    /// The maximum length that `cut` accepts, in Unicode scalars: more than any text of a finding has.
    static let maximumCut = 32_768
    /// The maximum length of a separator, in Unicode scalars.
    static let maximumSeparator = 64

    init(parsing segment: TemplateScanner.Segment) throws(TemplateError) {
        let scalars = segment.text.unicodeScalars
        let colon = scalars.firstIndex(of: ":")
        let name = String(scalars[..<(colon ?? scalars.endIndex)])
        let argument = colon.map { scalars[scalars.index(after: $0)...].drop { $0 == " " } }
        switch UTF8Text(name) {
        case "upper": self = .text(try Self.plain(.upper, argument, segment))
        case "lower": self = .text(try Self.plain(.lower, argument, segment))
        case "cut": self = .text(.cut(try Self.length(argument, segment)))
        case "join": self = .join(try Self.separator(argument, segment))
        default:
            throw segment.error(
                "unknown filter \(MessageText.quoted(name))", fix: "Use upper, lower, cut:40 or join:\", \".")
        }
    }

    private typealias Argument = Substring.UnicodeScalarView

    private static func plain(
        _ filter: TextFilter, _ argument: Argument?, _ segment: TemplateScanner.Segment
    ) throws(TemplateError) -> TextFilter {
        guard argument == nil else { throw segment.error("\(filter) has no argument", fix: "Write |\(filter) only.") }
        return filter
    }

    private static func length(
        _ argument: Argument?, _ segment: TemplateScanner.Segment
    ) throws(TemplateError) -> Int {
        let digits = argument ?? Argument()
        guard (1...5).contains(digits.count), digits.allSatisfy({ ("0"..."9").contains($0) }),
            let length = Int(String(digits)), (1...maximumCut).contains(length)
        else {
            throw segment.error(
                "cut without a length from 1 to \(maximumCut)",
                fix: "Write the number of characters, for example cut:40.")
        }
        return length
    }

    private static func separator(
        _ argument: Argument?, _ segment: TemplateScanner.Segment
    ) throws(TemplateError) -> String {
        guard let separator = argument.flatMap(unquoted) else {
            throw segment.error(
                "join without a quoted separator",
                fix: "Write join:\", \"; in the quotes, \\ is allowed only ahead of a quote or a backslash.")
        }
        guard separator.unicodeScalars.count <= maximumSeparator else {
            throw segment.error(
                "separator longer than \(maximumSeparator) characters",
                fix: "Write a shorter one, for example join:\", \".")
        }
        return separator
    }

    /// The content of a text in single or double quotes; nil if it is malformed.
    private static func unquoted(_ text: Argument) -> String? {
        guard let quote = text.first, quote == "\"" || quote == "'" else { return nil }
        var content = String.UnicodeScalarView()
        var rest = text.dropFirst()
        while let scalar = rest.popFirst() {
            if scalar == quote { return rest.isEmpty ? String(content) : nil }
            guard scalar == "\\" else {
                content.append(scalar)
                continue
            }
            guard let escaped = rest.popFirst(), escaped == "\\" || escaped == "\"" || escaped == "'" else {
                return nil
            }
            content.append(escaped)
        }
        return nil
    }
}

import DeviceDefender
import JSON
import Logging

/// What is written of one event of the log, without the end of the line. Each request makes one.
enum LogLine {
    /// An object of JSON: when, how grave and what, then the metadata by name, but for those that would say these again.
    static func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, at time: Timestamp
    ) -> [UInt8] {
        let own: [Field] = [
            ("time", time.iso8601), ("level", level.rawValue), ("message", message), ("logger", label),
        ]
        let more = fields(of: metadata)
        let (line, isPlain) = object(own, more)
        return isPlain ? line : object(own.map(inJSON), more.map(inJSON)).line
    }

    private typealias Field = (name: String, value: String)

    /// An object of a line's own fields and of those that have other names, which is right if all of them are plain or
    /// escaped already.
    private static func object(_ own: [Field], _ more: [Field]) -> (line: [UInt8], isPlain: Bool) {
        // Four quotes, a colon, and a comma or brace; the last one is for the closing brace, or the end of the line.
        let count = [own, more].joined().reduce(2) { $0 + $1.name.utf8.count + $1.value.utf8.count + 6 }
        var isPlain = true
        // One that stays within its capacity is filled several times as fast as an array that looks whether it must grow.
        let line = [UInt8](capacity: count) { line in
            for field in own { isPlain = append(field, to: &line) && isPlain }
            for field in more where !own.contains(where: { $0.name == field.name }) {
                isPlain = append(field, to: &line) && isPlain
            }
            line.append(UInt8(ascii: "}"))
        }
        return (line, isPlain)
    }

    /// Adds a name and a value.
    ///
    /// - Returns: whether they are plain.
    private static func append(_ field: Field, to line: inout OutputSpan<UInt8>) -> Bool {
        line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        let isNamePlain = append(field.name, to: &line)
        line.append(UInt8(ascii: ":"))
        return append(field.value, to: &line) && isNamePlain
    }

    /// Adds a text in quotes.
    ///
    /// - Returns: whether each byte is a character of its own that stands for nothing else in a string of JSON or in a
    ///   terminal.
    private static func append(_ text: String, to line: inout OutputSpan<UInt8>) -> Bool {
        let bytes = text.utf8Span.span
        var isPlain = true
        line.append(UInt8(ascii: "\""))
        for index in bytes.indices {
            let byte = bytes[index]
            let isSpecial = byte &- 0x20 >= 0x5F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            isPlain = isPlain && !isSpecial
            line.append(byte)
        }
        line.append(UInt8(ascii: "\""))
        return isPlain
    }

    private static func inJSON(_ field: Field) -> Field { (inJSON(field.name), inJSON(field.value)) }

    /// What stands for a text between the quotes of a string of JSON.
    private static func inJSON(_ text: String) -> String {
        let quoted = String(decoding: JSON.string(text).serialized(), as: UTF8.self).escapingControlsInJSON()
        return String(quoted.dropFirst().dropLast())
    }

    /// A line for people. Control characters are escaped, so that what a sender wrote cannot forge a line.
    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, at time: Timestamp
    ) -> [UInt8] {
        var details = ""
        for (name, value) in fields(of: metadata) { details += " \(name)=\(quoted(value))" }
        return Array("\(time.iso8601) \(level.rawValue.uppercased()) \(message)\(details)".escapingControls().utf8)
    }

    private static func quoted(_ text: String) -> String {
        let isBare = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        return isBare && !text.isEmpty ? text : String(decoding: JSON.string(text).serialized(), as: UTF8.self)
    }

    /// Names and values by name, and ``LogFields`` in their own order.
    private static func fields(of metadata: Logger.Metadata) -> [Field] {
        if metadata.count == 1, case .stringConvertible(let fields as LogFields)? = metadata.values.first {
            return fields.all
        }
        return metadata.sorted { $0.key < $1.key }.flatMap { name, value -> [Field] in
            switch value {
            case .string(let text): [(name, text)]
            case .stringConvertible(let fields as LogFields): fields.all
            default: [(name, "\(value)")]
            }
        }
    }
}

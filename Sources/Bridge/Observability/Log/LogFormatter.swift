import JSON
import Logging

/// What is written of one event of the log, without the end of the line. Each request makes one.
enum LogFormatter {
    /// An object of JSON: when, how grave and what, then the metadata by name, but for those that would say these again.
    ///
    /// - Parameter time: as it is to be written.
    static func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, at time: String
    ) -> [UInt8] {
        let own = [
            Field("time", time), Field("level", level.rawValue), Field(name: "message", whole: message),
            Field("logger", label),
        ]
        let more = fields(of: metadata)
        let (line, isPlain) = object(own, more)
        return isPlain ? line : object(own.map(inJSON), more.map(inJSON)).line
    }

    private typealias Field = LogFields.Field

    /// An object of a line's own fields and of those that have other names, which is right if all of them are plain or
    /// escaped already.
    private static func object(_ own: [Field], _ more: [Field]) -> (line: [UInt8], isPlain: Bool) {
        // Four quotes, a colon, and a comma or brace; the last one is for the closing brace, or the end of the line.
        var size = 2
        for field in own { size += field.name.utf8.count + field.value.utf8.count + 6 }
        for field in more { size += field.name.utf8.count + field.value.utf8.count + 6 }
        var isPlain = true
        // One that stays within its capacity is filled several times as fast as an array that looks whether it must grow.
        let line = [UInt8](capacity: size) { line in
            var count = 0
            for field in own {
                append(field, to: &line)
                count += 1
            }
            for field in more where !own.contains(where: { isSame($0.name, field.name) }) {
                append(field, to: &line)
                count += 1
            }
            line.append(UInt8(ascii: "}"))
            isPlain = Self.isPlain(line.span, quotes: 4 * count)
        }
        return (line, isPlain)
    }

    /// Adds a name and a value. Where it is called, the compiler keeps the line's end in a register from byte to byte.
    @inline(__always)
    private static func append(_ field: Field, to line: inout OutputSpan<UInt8>) {
        line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        append(field.name, to: &line)
        line.append(UInt8(ascii: ":"))
        append(field.value, to: &line)
    }

    /// Adds a text in quotes.
    @inline(__always)
    private static func append(_ text: String, to line: inout OutputSpan<UInt8>) {
        let bytes = text.utf8Span.span
        line.append(UInt8(ascii: "\""))
        for index in bytes.indices { line.append(bytes[index]) }
        line.append(UInt8(ascii: "\""))
    }

    /// Most names differ in their length already, which is told sooner than whether their letters do.
    private static func isSame(_ name: String, _ other: String) -> Bool {
        name.utf8.count == other.utf8.count && name == other
    }

    /// Whether there are no more quotes than those around texts, and each other byte is a character of its own that stands
    /// for nothing else in a string of JSON or in a terminal.
    ///
    /// Written such that the processor looks at many bytes at once: a piece is so short that a byte counts its quotes.
    private static func isPlain(_ bytes: Span<UInt8>, quotes: Int) -> Bool {
        var special: UInt8 = 0
        var found = 0
        var start = 0
        while start < bytes.count {
            let end = min(start + 128, bytes.count)
            let piece = bytes.extracting(start..<end)
            var count: UInt8 = 0
            for index in piece.indices {
                let byte = piece[index]
                let isControl: UInt8 = byte &- 0x20 >= 0x5F ? 1 : 0
                let isBackslash: UInt8 = byte == UInt8(ascii: "\\") ? 1 : 0
                let isQuote: UInt8 = byte == UInt8(ascii: "\"") ? 1 : 0
                special |= isControl | isBackslash
                count &+= isQuote
            }
            found += Int(count)
            start = end
        }
        return special == 0 && found == quotes
    }

    private static func inJSON(_ field: Field) -> Field {
        Field(name: inJSON(field.name), whole: inJSON(field.value))
    }

    /// What stands for a text between the quotes of a string of JSON.
    private static func inJSON(_ text: String) -> String {
        let quoted = String(decoding: JSON.string(text).serialized(), as: UTF8.self).escapingControlsInJSON()
        return String(quoted.dropFirst().dropLast())
    }

    /// A line for people. Control characters are escaped, so that what a sender wrote cannot forge a line.
    ///
    /// - Parameter time: as it is to be written.
    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, at time: String
    ) -> [UInt8] {
        var details = ""
        for field in fields(of: metadata) { details += " \(field.name)=\(quoted(field.value))" }
        return Array("\(time) \(level.rawValue.uppercased()) \(message)\(details)".escapingControls().utf8)
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
            case .string(let text): [Field(name, text)]
            case .stringConvertible(let fields as LogFields): fields.all
            default: [Field(name, "\(value)")]
            }
        }
    }
}

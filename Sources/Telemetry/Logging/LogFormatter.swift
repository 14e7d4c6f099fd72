import JSON
import Logging

/// Formats a log line, without its line break. Every request writes one.
enum LogFormatter {
    /// A line as a JSON object: time, level, message and logger, then the fields. Fields with the names of the first four are
    /// left out. Numbers and booleans are JSON numbers and booleans.
    ///
    /// - Parameter time: the formatted time.
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

    /// An object of a line's own fields and of further ones with other names. It is valid JSON if all texts are plain or
    /// escaped already.
    private static func object(_ own: [Field], _ more: [Field]) -> (line: [UInt8], isPlain: Bool) {
        // Four quotes, a colon, and a comma or brace; two more for the closing brace and the line break.
        var size = 2
        for field in own { size += field.name.utf8.count + field.value.utf8.count + 6 }
        for field in more { size += field.name.utf8.count + field.value.utf8.count + 6 }
        var isPlain = true
        // Filling a fixed capacity is several times as fast as appending to an array that may have to grow.
        let line = [UInt8](capacity: size) { line in
            var quotes = 0
            for field in own {
                append(field, to: &line)
                quotes += field.isLiteral ? 2 : 4
            }
            for field in more where !own.contains(where: { isSame($0.name, field.name) }) {
                append(field, to: &line)
                quotes += field.isLiteral ? 2 : 4
            }
            line.append(UInt8(ascii: "}"))
            isPlain = Self.isPlain(line.span, quotes: quotes)
        }
        return (line, isPlain)
    }

    /// Adds a name and a value. Inlined, so that the compiler keeps the end of the line in a register from byte to byte.
    @inline(__always)
    private static func append(_ field: Field, to line: inout OutputSpan<UInt8>) {
        line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        append(field.name, to: &line)
        line.append(UInt8(ascii: ":"))
        if field.isLiteral {
            let bytes = field.value.utf8Span.span
            for index in bytes.indices { line.append(bytes[index]) }
        } else {
            append(field.value, to: &line)
        }
    }

    /// Adds a quoted text.
    @inline(__always)
    private static func append(_ text: String, to line: inout OutputSpan<UInt8>) {
        let bytes = text.utf8Span.span
        line.append(UInt8(ascii: "\""))
        for index in bytes.indices { line.append(bytes[index]) }
        line.append(UInt8(ascii: "\""))
    }

    /// Compares lengths first: most names differ in length, and that comparison is faster.
    private static func isSame(_ name: String, _ other: String) -> Bool {
        name.utf8.count == other.utf8.count && name == other
    }

    /// Whether the line has only the quotes around texts, and no byte that must be escaped in JSON or that a terminal
    /// interprets.
    ///
    /// Written for vectorization: a chunk is so short that one byte can count its quotes.
    private static func isPlain(_ bytes: Span<UInt8>, quotes: Int) -> Bool {
        var special: UInt8 = 0
        var found = 0
        var start = 0
        while start < bytes.count {
            let end = min(start + 128, bytes.count)
            let chunk = bytes.extracting(start..<end)
            var count: UInt8 = 0
            for index in chunk.indices {
                let byte = chunk[index]
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
        field.isLiteral ? field : Field(name: inJSON(field.name), whole: inJSON(field.value))
    }

    /// A text as it is written between the quotes of a JSON string.
    private static func inJSON(_ text: String) -> String {
        let quoted = String(decoding: JSON.string(text).serialized(), as: UTF8.self).escapingControlsInJSON()
        return String(quoted.dropFirst().dropLast())
    }

    /// A line as text. Control characters are escaped, so that a sender's text cannot forge a line.
    ///
    /// - Parameter time: the formatted time.
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

    /// The fields of a line: metadata in the order of names, ``LogFields`` in their own order.
    private static func fields(of metadata: Logger.Metadata) -> [Field] {
        if metadata.count == 1, case .stringConvertible(let fields as LogFields)? = metadata.values.first {
            return fields.all
        }
        return metadata.sorted { $0.key < $1.key }.flatMap { name, value -> [Field] in
            switch value {
            case .string(let text): [Field(name, text)]
            case .stringConvertible(let fields as LogFields): fields.all
            case .stringConvertible(let value): [field(name, value)]
            default: [Field(name, "\(value)")]
            }
        }
    }

    private static func field(_ name: String, _ value: any CustomStringConvertible) -> Field {
        let isNumber =
            value is any BinaryInteger || (value as? any BinaryFloatingPoint).map { Double($0).isFinite } ?? false
        return isNumber || value is Bool
            ? Field(name: name, whole: "\(value)", isLiteral: true) : Field(name, "\(value)")
    }
}

import DeviceDefender
import JSON
import Logging

/// What is written of one event of the log, without the end of the line. Each request makes one.
enum LogLine {
    /// An object of JSON: when, how grave and what, then the metadata by name, but for those that would say these again.
    static func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, at time: Timestamp
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(512)
        append("time", time.iso8601, to: &line)
        append("level", level.rawValue, to: &line)
        append("message", message, to: &line)
        append("logger", label, to: &line)
        each(of: metadata) { name, value in
            if !own.contains(name) { append(name, value, to: &line) }
        }
        line.append(UInt8(ascii: "}"))
        return line
    }

    /// What a line of JSON says of itself.
    private static let own: Set = ["time", "level", "message", "logger"]

    private static func append(_ name: String, _ value: String, to line: inout [UInt8]) {
        line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        append(name, to: &line)
        line.append(UInt8(ascii: ":"))
        append(value, to: &line)
    }

    /// Adds a string of JSON.
    private static func append(_ text: String, to line: inout [UInt8]) {
        if isPlain(text) {
            line.append(UInt8(ascii: "\""))
            line.append(contentsOf: text.utf8)
            line.append(UInt8(ascii: "\""))
        } else {
            let string = String(decoding: JSON.string(text).serialized(), as: UTF8.self)
            line.append(contentsOf: string.escapingControlsInJSON().utf8)
        }
    }

    /// Whether each byte is a character of its own that stands for nothing else in a string of JSON or in a terminal.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
                return false
            }
        }
        return true
    }

    /// A line for people. Control characters are escaped, so that what a sender wrote cannot forge a line.
    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, at time: Timestamp
    ) -> [UInt8] {
        var details = ""
        each(of: metadata) { name, value in details += " \(name)=\(quoted(value))" }
        return Array("\(time.iso8601) \(level.rawValue.uppercased()) \(message)\(details)".escapingControls().utf8)
    }

    private static func quoted(_ text: String) -> String {
        let isBare = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        return isBare && !text.isEmpty ? text : String(decoding: JSON.string(text).serialized(), as: UTF8.self)
    }

    /// Gives names and values by name, and ``LogFields`` in their own order.
    private static func each(of metadata: Logger.Metadata, _ body: (_ name: String, _ value: String) -> Void) {
        for (name, value) in metadata.count > 1 ? metadata.sorted(by: { $0.key < $1.key }) : Array(metadata) {
            switch value {
            case .string(let text): body(name, text)
            case .stringConvertible(let fields as LogFields): for (name, value) in fields.all { body(name, value) }
            default: body(name, "\(value)")
            }
        }
    }
}

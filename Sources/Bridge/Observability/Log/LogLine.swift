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
        let own = [("time", time.iso8601), ("level", level.rawValue), ("message", message), ("logger", label)]
        for (name, value) in own { append(name, value, to: &line) }
        for name in metadata.keys.sorted() where !own.contains(where: { $0.0 == name }) {
            append(name, text(of: metadata[name]), to: &line)
        }
        line.append(UInt8(ascii: "}"))
        return line
    }

    private static func append(_ name: String, _ value: String, to line: inout [UInt8]) {
        line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        append(name, to: &line)
        line.append(UInt8(ascii: ":"))
        append(value, to: &line)
    }

    /// Adds a string of JSON.
    private static func append(_ text: String, to line: inout [UInt8]) {
        if text.utf8.allSatisfy(isPlain) {
            line.append(UInt8(ascii: "\""))
            line.append(contentsOf: text.utf8)
            line.append(UInt8(ascii: "\""))
        } else {
            let string = String(decoding: JSON.string(text).serialized(), as: UTF8.self)
            line.append(contentsOf: string.escapingControlsInJSON().utf8)
        }
    }

    /// Whether a byte is a character of its own that stands for nothing else in a string of JSON or in a terminal.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// A line for people. Control characters are escaped, so that what a sender wrote cannot forge a line.
    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, at time: Timestamp
    ) -> [UInt8] {
        let details = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted(text(of: $0.value)))" }.joined()
        return Array("\(time.iso8601) \(level.rawValue.uppercased()) \(message)\(details)".escapingControls().utf8)
    }

    private static func quoted(_ text: String) -> String {
        let isBare = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        return isBare && !text.isEmpty ? text : String(decoding: JSON.string(text).serialized(), as: UTF8.self)
    }

    private static func text(of value: Logger.MetadataValue?) -> String {
        switch value {
        case .string(let text): text
        case .some(let value): "\(value)"
        case nil: ""
        }
    }
}

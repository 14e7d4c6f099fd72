import JSON
import Logging

/// Formats a log line, without its line break.
enum LogFormatter {
    /// A line as a JSON object: time, level, message and logger, then the fields. Fields with the names of the first four are
    /// left out. Numbers and booleans are JSON numbers and booleans.
    ///
    /// - Parameter time: the formatted time.
    static func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, at time: String
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(512)
        func append(_ key: LogMetadataKey, _ text: String) {
            line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            line.appendJSONString(key.rawValue)
            line.append(UInt8(ascii: ":"))
            line.appendJSONString(text)
        }
        append(.time, time)
        append(.level, level.rawValue)
        append(.message, message)
        append(.logger, label)
        for (name, value) in fields(of: message, metadata)
        where !LogEvent.commonFields.contains(where: { $0.rawValue == name }) {
            line.append(UInt8(ascii: ","))
            line.appendJSONString(name)
            line.append(UInt8(ascii: ":"))
            if isLiteral(value) {
                line += value.description.utf8
            } else {
                line.appendJSONString(text(of: value, named: name))
            }
        }
        line.append(UInt8(ascii: "}"))
        return line
    }

    /// A line as text. Control characters are escaped, so that a sender's text cannot forge a line.
    ///
    /// - Parameter time: the formatted time.
    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, at time: String
    ) -> [UInt8] {
        var line = "\(time) \(level.rawValue.uppercased()) \(message)"
        for (name, value) in fields(of: message, metadata) {
            line += " \(name)=\(quoted(isLiteral(value) ? value.description : text(of: value, named: name)))"
        }
        return Array(line.escapingControls().utf8)
    }

    private static func quoted(_ text: String) -> String {
        let isBare = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        return isBare && !text.isEmpty ? text : String(decoding: JSON.string(text).serialized(), as: UTF8.self)
    }

    // MARK: Fields

    /// The fields of a line: those that its event declares, in that order, then others by name.
    private static func fields(
        of message: String, _ metadata: Logger.Metadata
    ) -> [(name: String, value: Logger.Metadata.Value)] {
        let declared = LogEvent.fields(of: message)
        var fields = declared.compactMap { key in
            metadata[key.rawValue].map { (name: key.rawValue, value: $0) }
        }
        if fields.count < metadata.count {
            let others = metadata.filter { name, _ in !declared.contains { $0.rawValue == name } }
            fields += others.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        }
        return fields
    }

    /// Whether a value is a number or boolean of JSON.
    private static func isLiteral(_ value: Logger.Metadata.Value) -> Bool {
        guard case .stringConvertible(let value) = value else { return false }
        switch value {
        case is any BinaryInteger, is Bool, is DecimalText: return true
        case let value as any BinaryFloatingPoint: return Double(value).isFinite
        default: return false
        }
    }

    // MARK: Lengths

    /// The maximum length of a value, in bytes.
    private static let limit = 200
    /// The maximum length of a reason or command, in bytes: a reason ends with what to do, and a command must be complete.
    private static let longLimit = 2048

    /// A value as text, cut to its maximum length: whatever a client, a sender or AWS wrote passes through here.
    private static func text(of value: Logger.Metadata.Value, named name: String) -> String {
        let text = value.description
        guard text.utf8.count > limit else { return text }
        let isLong = name == LogMetadataKey.reason.rawValue || name == LogMetadataKey.command.rawValue
        return cut(text, to: isLong ? longLimit : limit)
    }

    /// The beginning of a text, in whole UTF-8 characters, ending in an ellipsis.
    private static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        let mark = "…"
        var end = text.utf8.index(text.startIndex, offsetBy: limit - mark.utf8.count)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text.unicodeScalars[..<end]) + mark
    }
}

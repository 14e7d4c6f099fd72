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
        append(.time, time, to: &line)
        append(.level, level.rawValue, to: &line)
        append(.message, message, to: &line)
        append(.logger, label, to: &line)
        forEachField(of: message, metadata, except: LogEvent.commonFields) { name, text, isLiteral in
            append(name, text, isLiteral: isLiteral, to: &line)
        }
        line.append(UInt8(ascii: "}"))
        return line
    }

    private static func append(_ key: LogMetadataKey, _ text: String, to line: inout [UInt8]) {
        append(key.rawValue, text, isLiteral: false, to: &line)
    }

    private static func append(_ name: String, _ text: String, isLiteral: Bool, to line: inout [UInt8]) {
        line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        line.appendJSONString(name)
        line.append(UInt8(ascii: ":"))
        if isLiteral { line += text.utf8 } else { line.appendJSONString(text) }
    }

    /// A line as text. Control characters are escaped, so that a sender's text cannot forge a line.
    ///
    /// - Parameter time: the formatted time.
    static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, at time: String
    ) -> [UInt8] {
        var line = "\(time) \(level.rawValue.uppercased()) \(message)"
        forEachField(of: message, metadata) { name, text, _ in line += " \(name)=\(quoted(text))" }
        return Array(line.escapingControls().utf8)
    }

    private static func quoted(_ text: String) -> String {
        let isBare = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        return isBare && !text.isEmpty ? text : String(decoding: JSON.string(text).serialized(), as: UTF8.self)
    }

    // MARK: Fields

    /// Calls a function with each field of a line: those that its event declares, in that order, then others by name.
    ///
    /// - Parameters:
    ///   - exceptions: fields that are left out; no event declares them.
    ///   - body: receives the name, the text, and whether it is a number or boolean of JSON.
    private static func forEachField(
        of message: String, _ metadata: Logger.Metadata, except exceptions: [LogMetadataKey] = [],
        _ body: (_ name: String, _ text: String, _ isLiteral: Bool) -> Void
    ) {
        func write(_ name: String, _ value: Logger.Metadata.Value) {
            let isLiteral = isLiteral(value)
            body(name, isLiteral ? value.description : text(of: value, named: name), isLiteral)
        }
        let declared = LogEvent.fields(of: message)
        var count = 0
        for key in declared {
            guard let value = metadata[key.rawValue] else { continue }
            write(key.rawValue, value)
            count += 1
        }
        guard count < metadata.count else { return }
        let known = Set((declared + exceptions).map(\.rawValue))
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) where !known.contains(name) { write(name, value) }
    }

    /// Whether a value is a number or boolean of JSON.
    private static func isLiteral(_ value: Logger.Metadata.Value) -> Bool {
        guard case .stringConvertible(let value) = value else { return false }
        switch value {
        case is JSONLiteral, is Bool, is any BinaryInteger: return true
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

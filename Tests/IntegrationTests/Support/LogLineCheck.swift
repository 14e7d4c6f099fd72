import Bridge
import JSON

@testable import Telemetry

/// Holds log lines against the declared events and fields.
enum LogLineCheck {
    private static let events = Dictionary(uniqueKeysWithValues: LogEvent.all.map { ($0.message, $0) })

    /// What is wrong with a JSON line; nil if nothing is, or if the line is not JSON.
    static func problem(of line: JSON) -> String? {
        guard let members = line.object else { return nil }
        guard let event = line["message"]?.string.flatMap({ events[$0] }) else { return "the message is not declared" }
        guard line["level"]?.string.map(event.levelNames.contains) == true else { return "the level is not declared" }
        guard line["logger"] == "defender-bridge", line["time"] != nil else { return "time or logger is missing" }
        let fields = Set(LogEvent.commonFields + event.fields)
        for (name, value) in members {
            guard let key = LogMetadataKey(rawValue: name.description), fields.contains(key) else {
                return "the field \(name) is not declared"
            }
            guard has(value, key.type) else { return "the field \(name) is not of type \(key.type)" }
        }
        return nil
    }

    private static func has(_ value: JSON, _ type: LogMetadataKey.ValueType) -> Bool {
        switch (type, value) {
        case (.string, .string), (.number, .number), (.boolean, .bool): true
        case (.integer, .number): value.integer != nil
        default: false
        }
    }
}

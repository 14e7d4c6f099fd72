package import AWSCore
package import Logging

/// The fields of a log line, with the names that ``LogMetadataKey`` declares. They become swift-log's metadata.
package struct LogFields: Sendable {
    /// Fields without a value are left out.
    private var all: [(LogMetadataKey, LogValue?)] = []

    /// The fields as swift-log's metadata.
    package var metadata: Logger.Metadata {
        var metadata = Logger.Metadata(minimumCapacity: all.count)
        for case (let key, let value?) in all { metadata[key.rawValue] = value.metadata }
        return metadata
    }

    /// Adds a field, or replaces its value.
    package mutating func add(_ key: LogMetadataKey, _ value: LogValue) { all.append((key, value)) }

    /// Adds the fields of another value.
    package mutating func add(_ more: LogFields) { all += more.all }

    /// The account and Region, and more.
    package static func about(_ accountRegion: AccountRegion, _ more: LogFields = [:]) -> LogFields {
        var fields: LogFields = [
            .account: .string(accountRegion.account.digits), .region: .string(accountRegion.region.name),
        ]
        fields.add(more)
        return fields
    }

    /// A field that an event does not declare, or whose value has another type; nil if there is none.
    func undeclared(in event: LogEvent) -> LogMetadataKey? {
        for case (let key, let value?) in all
        where !event.fields.contains(key) || value.isString != (key.type == .string) {
            return key
        }
        return nil
    }
}

extension LogFields: ExpressibleByDictionaryLiteral {
    /// Creates fields; those without a value are left out.
    package init(dictionaryLiteral elements: (LogMetadataKey, LogValue?)...) { all = elements }
}

/// The value of a field, as swift-log's metadata. Numbers and booleans keep their type, so that they are numbers and booleans in
/// JSON.
package struct LogValue: Sendable {
    let metadata: Logger.Metadata.Value

    var isString: Bool { if case .string = metadata { true } else { false } }

    /// A string; cut to its maximum length when it is written.
    package static func string(_ text: String) -> LogValue { LogValue(metadata: .string(text)) }

    /// An integer.
    package static func integer(_ value: some BinaryInteger) -> LogValue { literal(String(value)) }

    /// A number with fixed decimal places.
    ///
    /// - Parameter text: the number, as in JSON.
    package static func decimal(_ text: String) -> LogValue { literal(text) }

    /// A boolean.
    package static func boolean(_ value: Bool) -> LogValue { literal(String(value)) }

    private static func literal(_ text: String) -> LogValue {
        LogValue(metadata: .stringConvertible(JSONLiteral(description: text)))
    }
}

extension LogValue: ExpressibleByStringInterpolation {
    /// Creates a string value.
    package init(stringLiteral value: String) { self = .string(value) }
}

/// A number or boolean, as in JSON. The formatter recognizes this type faster than all types of numbers.
struct JSONLiteral: Sendable, CustomStringConvertible {
    /// The text, for example `1.050`.
    let description: String
}

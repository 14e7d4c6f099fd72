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
    package static func integer(_ value: some BinaryInteger & Sendable) -> LogValue {
        LogValue(metadata: .stringConvertible(value))
    }

    /// A number with fixed decimal places.
    package static func decimal(_ value: DecimalText) -> LogValue { LogValue(metadata: .stringConvertible(value)) }

    /// A boolean.
    package static func boolean(_ value: Bool) -> LogValue { LogValue(metadata: .stringConvertible(value)) }
}

extension LogValue: ExpressibleByStringInterpolation {
    /// Creates a string value.
    package init(stringLiteral value: String) { self = .string(value) }
}

/// A number that is written with its decimal places, for example `1.050`.
package struct DecimalText: Sendable, CustomStringConvertible {
    /// The number, as in JSON.
    package let description: String

    /// Creates a number from its JSON text.
    package init(_ text: String) { description = text }
}

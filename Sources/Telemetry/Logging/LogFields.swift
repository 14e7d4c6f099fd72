package import AWSCore
package import Logging

/// The fields of a log line, with the names that ``LogMetadataKey`` declares: swift-log's metadata, typed.
package struct LogFields: Sendable {
    /// The fields as swift-log's metadata.
    package private(set) var metadata: Logger.Metadata = [:]

    /// Adds a field, or replaces its value.
    package mutating func add(_ key: LogMetadataKey, _ value: LogValue) {
        assert(value.isString == (key.type == .string), "\(key) has another type")
        metadata[key.rawValue] = value.metadata
    }

    /// Adds the fields of another value.
    package mutating func add(_ more: LogFields) { metadata.merge(more.metadata) { _, new in new } }

    /// The account and Region, and more.
    package static func about(_ accountRegion: AccountRegion, _ more: LogFields = [:]) -> LogFields {
        var fields: LogFields = [
            .account: .string(accountRegion.account.digits), .region: .string(accountRegion.region.name),
        ]
        fields.add(more)
        return fields
    }

    /// A field that an event does not declare; nil if it declares all of them.
    func undeclared(in event: LogEvent) -> String? {
        metadata.keys.first { name in !event.fields.contains { $0.rawValue == name } }
    }
}

extension LogFields: ExpressibleByDictionaryLiteral {
    /// Creates fields; those without a value are left out.
    package init(dictionaryLiteral elements: (LogMetadataKey, LogValue?)...) {
        metadata.reserveCapacity(elements.count)
        for case (let key, let value?) in elements { add(key, value) }
    }
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

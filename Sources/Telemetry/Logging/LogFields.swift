package import AWSCore

/// The value of a field.
package enum LogValue: Sendable {
    /// A string; cut to the field's maximum length.
    case string(String)
    /// The JSON text of a number or boolean.
    case literal(String)

    package static func integer(_ value: some BinaryInteger) -> LogValue { .literal(String(value)) }
    package static func boolean(_ value: Bool) -> LogValue { .literal(value ? "true" : "false") }
}

/// The fields of a log line, in the order in which they are written.
///
/// They are passed to swift-log as one metadata value: every request writes a line, and a dictionary of its fields would
/// cost as much as writing the line.
package struct LogFields: Sendable {
    /// The metadata key of the fields as a whole, which is not written.
    package static let key = "fields"

    /// A field. (An array of tuples is slower to copy and to free.)
    package struct Field: Sendable {
        package let name: String
        package let value: String
        /// Whether the value is a JSON number or boolean, which is written without quotes.
        var isLiteral = false

        /// A string field, cut to its maximum length: whatever a client, a sender or AWS wrote passes through here.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value.utf8.count <= Self.limit ? value : Self.cut(value, to: Self.limit(of: name))
        }

        /// A field as it is.
        package init(name: String, whole value: String, isLiteral: Bool = false) {
            self.name = name
            self.value = value
            self.isLiteral = isLiteral
        }

        /// The maximum length of a value, in bytes.
        package static let limit = 200
        /// The maximum length of a reason or command, in bytes: a reason ends with what to do, and a command must be complete.
        static let longLimit = 2048

        private static func limit(of name: String) -> Int {
            name == LogMetadataKey.reason.rawValue || name == LogMetadataKey.command.rawValue ? longLimit : limit
        }

        /// The beginning of a text, in whole UTF-8 characters, ending in an ellipsis.
        package static func cut(_ text: String, to limit: Int) -> String {
            guard text.utf8.count > limit else { return text }
            let mark = "…"
            var end = text.utf8.index(text.startIndex, offsetBy: limit - mark.utf8.count)
            while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
            return String(text.unicodeScalars[..<end]) + mark
        }
    }

    /// What lines have in common that count as repetitions of each other; see ``RepeatedLineLimiter``.
    package struct Group: Sendable, Hashable {
        package let code: String
        /// The client that the lines are about; nil for all clients together.
        package let peer: String?

        package init(code: String, peer: String?) {
            self.code = code
            self.peer = peer
        }
    }

    /// The group of an access line; nil if the line is always written.
    package var group: Group?

    /// The value of `code`, by which lines are grouped too.
    package private(set) var code: String?

    package private(set) var all: [Field] = []

    package init(capacity: Int) { all.reserveCapacity(capacity) }

    package mutating func add(_ key: LogMetadataKey, _ value: LogValue) {
        if key == .code, case .string(let text) = value { code = text }
        switch value {
        case .string(let text):
            assert(key.type == .string, "\(key) is not a string")
            all.append(Field(key.rawValue, text))
        case .literal(let text):
            assert(key.type != .string, "\(key) is a string")
            all.append(Field(name: key.rawValue, whole: text, isLiteral: true))
        }
    }

    /// Adds string fields by name.
    package mutating func add(_ more: [(name: String, value: String)]) {
        for (name, value) in more { all.append(Field(name, value)) }
    }

    /// Adds the fields of another value.
    package mutating func add(_ more: LogFields) {
        all += more.all
        code = more.code ?? code
    }

    /// The first field that an event does not declare; nil if it declares all of them.
    func undeclared(in event: LogEvent) -> String? {
        all.lazy.map(\.name).first { name in !event.fields.contains { $0.rawValue == name } }
    }
}

extension LogFields: ExpressibleByDictionaryLiteral {
    /// Fields in order; those without a value are left out.
    package init(dictionaryLiteral elements: (LogMetadataKey, LogValue?)...) {
        self.init(capacity: elements.count)
        for case (let key, let value?) in elements { add(key, value) }
    }
}

extension LogValue: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { self = .string(value) }
}

extension LogFields: CustomStringConvertible {
    /// For other log handlers.
    package var description: String { all.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}

extension LogFields {
    /// The account and Region, and more.
    package static func about(_ accountRegion: AccountRegion, _ more: LogFields = [:]) -> LogFields {
        var fields: LogFields = [
            .account: .string(accountRegion.account.digits), .region: .string(accountRegion.region.name),
        ]
        fields.add(more)
        return fields
    }
}

package import Logging

/// A kind of log line: its fixed message, its level and the fields that its lines may have.
///
/// The extensions of this type list all messages of the product. Tests refer to these constants, and hold
/// `deploy/docs/logs.md` against them. (Not to be confused with `Logging.LogEvent`, which a `LogHandler` receives.)
package struct LogEvent: Sendable, Hashable {
    /// What happened: a sentence without data.
    package let message: String
    /// The level of its lines.
    package let level: Logger.Level
    /// Levels that some lines have instead.
    package let otherLevels: [Logger.Level]
    /// The fields that a line may have, in addition to those of every line, in the order in which they are written.
    package let fields: [LogMetadataKey]

    /// Creates an event.
    package init(
        _ message: String, _ level: Logger.Level, or otherLevels: [Logger.Level] = [], _ fields: [LogMetadataKey] = []
    ) {
        self.message = message
        self.level = level
        self.otherLevels = otherLevels
        self.fields = fields
    }

    /// The names of its usual level and of the others.
    package var levelNames: [String] { ([level] + otherLevels).map(\.rawValue) }

    /// The fields of every line.
    package static let commonFields: [LogMetadataKey] = [.time, .level, .message, .logger]

    /// All events, in the order of `deploy/docs/logs.md`.
    package static let all = operation + intake + processing + store

    private static let fieldsByMessage = Dictionary(
        all.map { ($0.message, $0.fields) }, uniquingKeysWith: { first, _ in first })

    /// The fields that lines with a message may have, in the order in which they are written; empty for a library's message.
    static func fields(of message: String) -> [LogMetadataKey] { fieldsByMessage[message] ?? [] }

    /// The fields of lines about a leased delivery.
    static let leasedFields: [LogMetadataKey] = [.delivery, .account, .region, .source, .attempt]
}

extension Logger {
    /// Writes a line about an event.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - level: one of the event's other levels; nil for its usual level.
    ///   - fields: the data, of fields that the event declares. Evaluated only if the line is written.
    package func log(
        _ event: LogEvent, at level: Logger.Level? = nil,
        _ fields: @autoclosure () -> LogFields = [:]
    ) {
        let level = level ?? event.level
        guard logLevel <= level else { return }
        let fields = fields()
        assert(level == event.level || event.otherLevels.contains(level), "undeclared level of: \(event.message)")
        assert(fields.undeclared(in: event) == nil, "undeclared field of: \(event.message)")
        log(level: level, Logger.Message(stringLiteral: event.message), metadata: fields.metadata)
    }
}

import Encoding
import Glibc
package import Logging
import Synchronization

/// The log on standard error. Its level and format can change at run time.
///
/// Repeated lines about problems are rate-limited: a summary line counts those that were suppressed; see
/// ``RepeatedLineLimiter``. At the levels `debug` and `trace`, all lines are written.
package final class LogSink: Sendable {
    private struct Settings {
        var level: Logger.Level
        var isJSON: Bool
    }

    private let settings: Mutex<Settings>
    private let repeats = Mutex(RepeatedLineLimiter<LogLineKind>())
    private let leastLevel: Logger.Level
    private let output = BufferedLogWriter.standardError

    /// - Parameters:
    ///   - format: nil means text on a terminal, JSON elsewhere.
    ///   - leastLevel: the minimum level, even if `level` is lower.
    package init(
        level: Logger.Level, format: LogFormat?, atLeast leastLevel: Logger.Level = .trace
    ) {
        settings = Mutex(Settings(level: max(level, leastLevel), isJSON: Self.isJSON(format)))
        self.leastLevel = leastLevel
    }

    private static func isJSON(_ format: LogFormat?) -> Bool {
        format.map { $0 == .json } ?? (isatty(STDERR_FILENO) != 1)
    }

    /// The lowest level that is written.
    package var level: Logger.Level { settings.withLock { $0.level } }

    /// A logger that writes to this log.
    package func logger(label: String = "defender-bridge") -> Logger {
        Logger(label: label) { BridgeLogHandler(label: $0, sink: self) }
    }

    /// Changes the level and format.
    package func update(level: Logger.Level, format: LogFormat?) {
        let new = Settings(level: max(level, leastLevel), isJSON: Self.isJSON(format))
        settings.withLock { $0 = new }
    }

    // MARK: Writing

    /// Writes a line, unless it is a repetition beyond the limit.
    ///
    /// - Parameter label: the label of the logger.
    func write(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String) {
        let now = WallClock.now()
        if self.level > .debug, let kind = LogLineKind(level, message, metadata) {
            let (isWritten, summaries) = repeats.withLock { repeats in
                let elapsed = MonotonicClock.elapsed()
                let summaries = repeats.takeSummaries(now: elapsed)
                return (repeats.allows(kind, elseAs: kind.ofAnyPeer, now: elapsed), summaries)
            }
            write(summaries, label: label, now: now)
            guard isWritten else { return }
        }
        line(level, message, metadata, label: label, now: now)
    }

    /// Writes summaries of suppressed lines.
    ///
    /// - Parameter atEnd: whether to include the current minute.
    func flushSummaries(atEnd: Bool = false) {
        let now = WallClock.now()
        writeDropped(output.takeDropped(), now: now)
        write(
            repeats.withLock { $0.takeSummaries(now: MonotonicClock.elapsed(), atEnd: atEnd) },
            label: "defender-bridge", now: now)
    }

    private func write(_ summaries: [RepeatedLineLimiter<LogLineKind>.Summary], label: String, now: Timestamp) {
        for summary in summaries {
            let kind = summary.kind
            let fields: LogFields = [
                .line: .string(kind.message), .repeats: .integer(summary.count), .seconds: .integer(summary.seconds),
                .code: kind.code.map { .string($0) }, .peer: kind.peer.map { .string($0) },
            ]
            line(.logLinesRepeated, at: kind.level, fields, label: label, now: now)
        }
    }

    /// Writes how many lines were dropped while the reader of the log was too slow.
    private func writeDropped(_ dropped: BufferedLogWriter.Dropped?, now: Timestamp) {
        guard let dropped else { return }
        let fields: LogFields = [.lines: .integer(dropped.lines), .warnings: .integer(dropped.warnings)]
        line(.logLinesDropped, at: LogEvent.logLinesDropped.level, fields, label: "defender-bridge", now: now)
    }

    private func line(_ event: LogEvent, at level: Logger.Level, _ fields: LogFields, label: String, now: Timestamp) {
        line(level, event.message, fields.metadata, label: label, now: now)
    }

    private func line(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, now: Timestamp
    ) {
        let time = now.iso8601
        var line =
            if settings.withLock({ $0.isJSON }) {
                LogFormatter.json(level, message, metadata, label: label, at: time)
            } else {
                LogFormatter.text(level, message, metadata, at: time)
            }
        line.append(UInt8(ascii: "\n"))
        writeDropped(output.write(line, immediately: level >= .warning), now: now)
    }
}

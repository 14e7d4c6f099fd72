import Encoding
import Glibc
package import Logging
import Synchronization

/// The log on standard error. Its level and format can change at run time.
///
/// Repeated lines about problems are rate-limited: a summary line counts those that were suppressed; see
/// ``RepeatedLineLimiter``. At the levels `debug` and `trace`, all lines are written.
package final class LogSink: Sendable {
    /// Lines that count as repetitions of each other.
    private struct Kind: Hashable, Sendable {
        let level: Logger.Level
        let message: String
        let code: String?
        var peer: String?

        /// The kind for all clients together, used when there are too many clients; nil if it is not about a client.
        var ofAnyPeer: Kind? { peer.map { _ in Kind(level: level, message: message, code: code) } }
    }

    /// The index of the level in `Logger.Level.allCases`; every log statement reads it.
    private let levelIndex: Atomic<Int>
    private let isJSON: Atomic<Bool>
    private let repeats = Mutex(RepeatedLineLimiter<Kind>())
    private let leastLevel: Logger.Level
    private let output = BufferedLogWriter.standardError
    /// The time of the last line, in milliseconds since 1970 and as text: under load, many lines have the same.
    private let lastTime = Mutex<(milliseconds: Int64, text: String)>((-1, ""))

    /// - Parameters:
    ///   - format: nil means text on a terminal, JSON elsewhere.
    ///   - leastLevel: the minimum level, even if `level` is lower.
    package init(
        level: Logger.Level, format: LogFormat?, atLeast leastLevel: Logger.Level = .trace
    ) {
        levelIndex = Atomic(Self.index(max(level, leastLevel)))
        isJSON = Atomic(Self.isJSON(format))
        self.leastLevel = leastLevel
    }

    private static func isJSON(_ format: LogFormat?) -> Bool {
        format.map { $0 == .json } ?? (isatty(STDERR_FILENO) != 1)
    }

    private static func index(_ level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }

    /// The lowest level that is written.
    package var level: Logger.Level { Logger.Level.allCases[levelIndex.load(ordering: .relaxed)] }

    /// A logger that writes to this log.
    package func logger(label: String = "defender-bridge") -> Logger {
        Logger(label: label) { BridgeLogHandler(label: $0, control: self) }
    }

    /// Changes the level and format.
    package func update(level: Logger.Level, format: LogFormat?) {
        levelIndex.store(Self.index(max(level, leastLevel)), ordering: .relaxed)
        isJSON.store(Self.isJSON(format), ordering: .relaxed)
    }

    // MARK: Writing

    package func write(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String) {
        let now = WallClock.milliseconds()
        if let kind = kind(of: level, message, metadata) {
            let (isWritten, summaries) = repeats.withLock { repeats in
                let elapsed = MonotonicClock.milliseconds()
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
        let now = WallClock.milliseconds()
        writeDropped(output.takeDropped(), now: now)
        write(
            repeats.withLock { $0.takeSummaries(now: MonotonicClock.milliseconds(), atEnd: atEnd) },
            label: "defender-bridge", now: now)
    }

    /// The kind of a line that may be suppressed; nil for a line that is always written.
    private func kind(of level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> Kind? {
        guard self.level > .debug else { return nil }
        if metadata.count == 1, case .stringConvertible(let fields as LogFields)? = metadata.values.first {
            if let group = fields.group {
                return Kind(level: level, message: message, code: group.code, peer: group.peer)
            }
            guard level >= .warning || fields.code != nil else { return nil }
            return Kind(level: level, message: message, code: fields.code)
        }
        let code = metadata[LogMetadataKey.code.rawValue]
        guard level >= .warning || code != nil else { return nil }
        return Kind(level: level, message: message, code: code.map { "\($0)" })
    }

    private func write(_ summaries: [RepeatedLineLimiter<Kind>.Summary], label: String, now: Int64) {
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
    private func writeDropped(_ dropped: BufferedLogWriter.Dropped?, now: Int64) {
        guard let dropped else { return }
        let fields: LogFields = [.lines: .integer(dropped.lines), .warnings: .integer(dropped.warnings)]
        line(.logLinesDropped, at: LogEvent.logLinesDropped.level, fields, label: "defender-bridge", now: now)
    }

    private func line(_ event: LogEvent, at level: Logger.Level, _ fields: LogFields, label: String, now: Int64) {
        line(level, event.message, [LogFields.key: .stringConvertible(fields)], label: label, now: now)
    }

    private func line(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String, now: Int64
    ) {
        let time = text(of: now)
        var line =
            if isJSON.load(ordering: .relaxed) {
                LogFormatter.json(level, message, metadata, label: label, at: time)
            } else {
                LogFormatter.text(level, message, metadata, at: time)
            }
        line.append(UInt8(ascii: "\n"))
        writeDropped(output.write(line, immediately: level >= .warning), now: now)
    }

    private func text(of time: Int64) -> String {
        lastTime.withLock { last in
            if last.milliseconds != time { last = (time, Timestamp(milliseconds: time).iso8601) }
            return last.text
        }
    }
}

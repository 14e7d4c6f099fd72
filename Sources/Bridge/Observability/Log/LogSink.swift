import AWSCore
import DeviceDefender
import Glibc
public import Logging
import Synchronization

/// The log on standard error, whose settings can change while it is written.
///
/// Of lines that tell of trouble and come again and again, only some are written in a minute, and the others are told in
/// one line; see ``RepeatedLineLimiter``. At the levels `debug` and `trace`, all are.
public final class LogSink: Sendable {
    /// A kind of line.
    private struct Kind: Hashable, Sendable {
        let level: Logger.Level
        let message: String
        let code: String?
        var peer: String?

        /// What it counts as when there are too many peers; nil if it is about none.
        var ofAnyPeer: Kind? { peer.map { _ in Kind(level: level, message: message, code: code) } }
    }

    /// The index of the level among all; asked for by each statement that may log.
    private let levelIndex: Atomic<Int>
    private let isJSON: Atomic<Bool>
    private let repeats = Mutex(RepeatedLineLimiter<Kind>())
    private let leastLevel: Logger.Level
    private let output = BufferedLogWriter.standardError
    /// The time of the last line, in milliseconds since 1970, and as it is written: under load, many have the same.
    private let lastTime = Mutex<(milliseconds: Int64, text: String)>((-1, ""))

    /// - Parameters:
    ///   - format: nil is text on a terminal, and JSON elsewhere.
    ///   - leastLevel: what is less than this is left out whatever the level is.
    public init(
        level: Logger.Level, format: BridgeConfiguration.LogFormat?, atLeast leastLevel: Logger.Level = .trace
    ) {
        levelIndex = Atomic(Self.index(max(level, leastLevel)))
        isJSON = Atomic(Self.isJSON(format))
        self.leastLevel = leastLevel
    }

    private static func isJSON(_ format: BridgeConfiguration.LogFormat?) -> Bool {
        format.map { $0 == .json } ?? (isatty(STDERR_FILENO) != 1)
    }

    private static func index(_ level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }

    /// The least level that is written.
    public var level: Logger.Level { Logger.Level.allCases[levelIndex.load(ordering: .relaxed)] }

    /// A logger that writes here.
    public func logger(label: String = "defender-bridge") -> Logger {
        Logger(label: label) { BridgeLogHandler(label: $0, control: self) }
    }

    /// Writes as another configuration says from now on.
    func use(_ configuration: BridgeConfiguration) {
        levelIndex.store(Self.index(max(configuration.logLevel, leastLevel)), ordering: .relaxed)
        isJSON.store(Self.isJSON(configuration.logFormat), ordering: .relaxed)
    }

    // MARK: Writing

    func write(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, label: String) {
        let now = Bridge.now()
        if let kind = kind(of: level, message, metadata) {
            let (isTaken, summaries) = repeats.withLock { repeats in
                let elapsed = MonotonicClock.milliseconds()
                let summaries = repeats.takeSummaries(now: elapsed)
                return (repeats.takes(kind, elseAs: kind.ofAnyPeer, now: elapsed), summaries)
            }
            say(summaries, label: label, now: now)
            guard isTaken else { return }
        }
        line(level, message, metadata, label: label, now: now)
    }

    /// Tells how often lines came that were not written.
    ///
    /// - Parameter atEnd: whether of the present minute, too.
    func flushSummaries(atEnd: Bool = false) {
        let now = Bridge.now()
        sayDropped(output.takeDropped(), now: now)
        say(
            repeats.withLock { $0.takeSummaries(now: MonotonicClock.milliseconds(), atEnd: atEnd) },
            label: "defender-bridge", now: now)
    }

    /// Nil for lines that are all written: each of them is about something else.
    private func kind(of level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> Kind? {
        guard self.level > .debug else { return nil }
        if metadata.count == 1, case .stringConvertible(let fields as LogFields)? = metadata.values.first {
            return fields.group.map { Kind(level: level, message: message, code: $0.code, peer: $0.peer) }
        }
        // To go through the few names takes less than to look one up; each request comes here.
        guard level >= .warning || metadata.contains(where: { $0.key == LogMetadataKey.code }) else { return nil }
        return Kind(level: level, message: message, code: metadata[LogMetadataKey.code].map { "\($0)" })
    }

    private func say(_ summaries: [RepeatedLineLimiter<Kind>.Summary], label: String, now: Int64) {
        for summary in summaries {
            var metadata: Logger.Metadata = [
                LogMetadataKey.line: .string(summary.kind.message), LogMetadataKey.repeats: "\(summary.count)",
                LogMetadataKey.seconds: "\(summary.seconds)",
            ]
            if let code = summary.kind.code { metadata[LogMetadataKey.code] = .string(code) }
            if let peer = summary.kind.peer { metadata["peer"] = .string(peer) }
            line(
                summary.kind.level, "A line was repeated \(summary.count) times in \(summary.seconds) s.", metadata,
                label: label, now: now)
        }
    }

    /// Tells how many lines were dropped while the reader of the log was too slow.
    private func sayDropped(_ dropped: BufferedLogWriter.Dropped?, now: Int64) {
        guard let dropped else { return }
        line(
            .warning, "Log lines were dropped because the reader of the log was too slow.",
            ["lines": "\(dropped.lines)", "warnings": "\(dropped.warnings)"], label: "defender-bridge", now: now)
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
        sayDropped(output.write(line, atOnce: level >= .warning), now: now)
    }

    private func text(of time: Int64) -> String {
        lastTime.withLock { last in
            if last.milliseconds != time { last = (time, Timestamp(milliseconds: time).iso8601) }
            return last.text
        }
    }
}

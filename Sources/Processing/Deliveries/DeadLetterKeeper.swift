package import EventLoop
package import Logging
package import Store
import Synchronization
import Telemetry

/// Holds the limits for dead letters, and reports dead letters that were dropped because of a limit.
///
/// It logs at most once a minute.
package final class DeadLetterKeeper: Sendable {
    private struct Unreported {
        var counts: [DroppedDeadLetters.Cause: Int] = [:]
        var share: String?
        var lastReportedAt: Duration?
    }

    /// The configured limits; they change at a reload.
    package let limits: Reloadable<DeadLetterLimits>
    private let metrics: ProcessingMetrics
    private let logger: Logger
    /// A monotonic time.
    private let clock: @Sendable () -> Duration
    private let unreported = Mutex(Unreported())

    /// The shortest time between two log lines.
    private static let interval = Duration.seconds(60)

    /// Creates a keeper.
    ///
    /// - Parameter clock: returns a monotonic time.
    package init(
        limits: DeadLetterLimits, metrics: ProcessingMetrics, logger: Logger, clock: @escaping @Sendable () -> Duration
    ) {
        self.limits = Reloadable(limits)
        self.metrics = metrics
        self.logger = logger
        self.clock = clock
    }

    /// Counts dropped dead letters, and logs them unless others were logged within the last minute.
    func recordDropped(_ dropped: DroppedDeadLetters) {
        metrics.dropped(dropped)
        let now = clock()
        let due: Unreported? = unreported.withLock { unreported in
            unreported.counts.merge(dropped.counts, uniquingKeysWith: +)
            unreported.share = dropped.lastShare ?? unreported.share
            let isDue = unreported.lastReportedAt.map { now - $0 >= Self.interval } ?? true
            guard isDue, !unreported.counts.isEmpty else { return nil }
            defer { unreported = Unreported(lastReportedAt: now) }
            return unreported
        }
        if let due { report(due) }
    }

    private func report(_ dropped: Unreported) {
        let counts = dropped.counts.sorted { $0.key.rawValue < $1.key.rawValue }
        logger.log(
            .deadLettersDropped,
            [
                .dropped: .integer(counts.reduce(0) { $0 + $1.value }),
                .reason: .string(
                    counts.map { "\($0.value) beyond \($0.key.configurationKey)" }.joined(separator: ", ")),
                // Only ARNs contain a colon.
                dropped.share?.contains(":") == false ? .source : .topic: dropped.share.map { .string($0) },
            ])
    }
}

extension DroppedDeadLetters.Cause {
    /// The configuration key of the limit.
    package var configurationKey: String {
        switch self {
        case .count: "deadLetters.maxCount"
        case .bytes: "deadLetters.maxBytes"
        case .age: "deadLetters.maxAge"
        }
    }
}

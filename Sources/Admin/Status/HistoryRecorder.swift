package import AWSClient
import Encoding
package import Logging
package import Processing
import ServiceLifecycle
package import Store
import Telemetry

/// Adds a point to each series of the history at the beginning of each of its steps, on whichever replica comes first.
package struct HistoryRecorder: Service {
    private let store: any Store
    private let trust: ClockTrust
    private let clock: AWSClock
    private let logger: Logger

    /// The time between two looks at the clock: a point is late by this at most.
    static let interval = Duration.seconds(30)

    /// Records points until the shutdown.
    package func run() async {
        await cancelWhenGracefulShutdown {
            var recorded: [HistoryPoint.Series: Timestamp] = [:]
            repeat {
                recorded = await record(after: recorded)
            } while (try? await clock.sleep(Self.interval)) != nil
        }
    }

    /// Adds the points of the current steps.
    ///
    /// - Parameter recorded: the last step of each series that has a point.
    /// - Returns: the same after this call.
    func record(after recorded: [HistoryPoint.Series: Timestamp]) async -> [HistoryPoint.Series: Timestamp] {
        do throws(StoreError) {
            try await trust.check(with: store)
            // A clock that jumped would delete the history, or add a point of the future.
            guard let now = trust.trustedTime else { return recorded }
            let due = Self.due(now: now, after: recorded)
            guard !due.isEmpty else { return recorded }
            let point = HistoryPoint(
                at: now, findings: try await store.openFindings(), queue: try await store.queueStatus())
            for (series, start) in due {
                var point = point
                point.at = start
                try await store.record(point, in: series)
            }
            return recorded.merging(due) { _, last in last }
        } catch {
            logger.log(.historyNotRecorded, [.reason: "\(error)"])
            return recorded
        }
    }

    /// The series whose current step has no point of this process yet, and the beginning of that step.
    static func due(
        now: Timestamp, after recorded: [HistoryPoint.Series: Timestamp]
    ) -> [HistoryPoint.Series: Timestamp] {
        let starts = HistoryPoint.Series.allCases.map { ($0, $0.start(of: now)) }
        return Dictionary(uniqueKeysWithValues: starts.filter { recorded[$0.0] != $0.1 })
    }

    /// Creates a recorder.
    package init(store: any Store, trust: ClockTrust, clock: AWSClock, logger: Logger) {
        self.store = store
        self.trust = trust
        self.clock = clock
        self.logger = logger
    }
}

extension HistoryPoint {
    /// The point for the contents of a store.
    init(at time: Timestamp, findings: [OpenFindings], queue: QueueStatus) {
        var open = Dictionary(uniqueKeysWithValues: LedgerEntry.Severity.allCases.map { ($0, 0) })
        for entry in findings {
            if let severity = entry.severity { open[severity, default: 0] += entry.count }
        }
        self.init(
            at: time, open: open, unsent: findings.reduce(0) { $0 + $1.unsent },
            pending: queue.pending + queue.leased, dead: queue.dead)
    }
}

import Synchronization

/// Limits how often progress is reported.
package final class ProgressTimer: Sendable {
    private let interval: Duration
    private let state: Mutex<(next: ContinuousClock.Instant, wasDue: Bool)>

    /// - Parameter interval: time between two reports, and before the first.
    package init(interval: Duration) {
        self.interval = interval
        state = Mutex((.now + interval, false))
    }

    /// Whether a report is due; true at most once per interval.
    package func isDue() -> Bool {
        state.withLock { state in
            guard .now >= state.next else { return false }
            state = (.now + interval, true)
            return true
        }
    }

    /// Whether any report was due.
    package var wasDue: Bool { state.withLock(\.wasDue) }
}

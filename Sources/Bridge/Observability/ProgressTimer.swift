import Synchronization

/// Says when progress is due to be reported, however often it is asked.
final class ProgressTimer: Sendable {
    private let interval: Duration
    private let state: Mutex<(next: ContinuousClock.Instant, wasDue: Bool)>

    /// - Parameter interval: between two reports; the first is due after it.
    init(interval: Duration) {
        self.interval = interval
        state = Mutex((.now + interval, false))
    }

    /// Whether a report is due now; not again before the interval is over.
    func isDue() -> Bool {
        state.withLock { state in
            guard .now >= state.next else { return false }
            state = (.now + interval, true)
            return true
        }
    }

    /// Whether any report was due.
    var wasDue: Bool { state.withLock(\.wasDue) }
}

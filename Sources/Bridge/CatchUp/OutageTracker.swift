import AWSCore
import Synchronization

/// Remembers that deliveries were put off which their sender may have dropped meanwhile.
///
/// Any client can repeat a message that is deferred, for example a copy of an old one. So a gap that does not end is
/// caught up on, too, and a new one not before the last one's turn is some time ago.
///
/// Times are milliseconds of a monotonic clock.
final class OutageTracker: Sendable {
    /// How long the last delivery must have been taken again before the gap counts as over: Amazon SNS tries again for a
    /// minute by default.
    static let timeout: Int64 = 120_000
    /// After which time a gap that goes on is caught up on, and how much time lies between two gaps that are, at the least.
    static let interval: Int64 = 600_000

    private struct State {
        /// When the first and the last delivery of the gap were deferred; nil for none since the last gap was caught up on.
        var gap: (first: Int64, last: Int64)?
        /// When a gap was caught up on last.
        var consumedAt: Int64?
    }

    private let state = Mutex(State())

    /// A delivery was put off.
    func recordDeferral(now: Int64) { state.withLock { $0.gap = ($0.gap?.first ?? now, now) } }

    /// Whether there was a gap that is over, or goes on for long. It is forgotten by that.
    func consume(now: Int64) -> Bool {
        state.withLock { state in
            guard let gap = state.gap else { return false }
            let isOver = now.saturatingSubtracting(gap.last) >= Self.timeout
            guard isOver || now.saturatingSubtracting(gap.first) >= Self.interval else { return false }
            if let last = state.consumedAt, now.saturatingSubtracting(last) < Self.interval { return false }
            (state.gap, state.consumedAt) = (nil, now)
            return true
        }
    }
}

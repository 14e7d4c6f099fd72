import Encoding
import Synchronization

/// Tracks gaps in which deliveries were deferred, because their sender may have dropped them.
///
/// Any client can cause deferrals, for example with copies of an old message. So a gap that does not end also triggers
/// catch-up, and catch-ups are a minimum time apart.
///
/// Times are of a monotonic clock.
package final class OutageTracker: Sendable {
    /// How long after the last deferral a gap ends: Amazon SNS retries for a minute by default.
    package static let timeout = Duration.seconds(120)
    /// The age at which a continuing gap is consumed, and the shortest time between two consumed gaps.
    package static let interval = Duration.seconds(600)

    private struct State {
        /// The times of the first and the last deferral; nil for none since the last gap was consumed.
        var gap: (first: Duration, last: Duration)?
        /// When the last gap was consumed.
        var consumedAt: Duration?
    }

    private let state = Mutex(State())

    /// Creates a tracker without a gap.
    package init() {}

    /// Records that a delivery was deferred.
    package func recordDeferral(now: Duration) { state.withLock { $0.gap = ($0.gap?.first ?? now, now) } }

    /// Returns whether a gap has ended or lasts long, and resets it.
    func consume(now: Duration) -> Bool {
        state.withLock { state in
            guard let gap = state.gap else { return false }
            let isOver = now - gap.last >= Self.timeout
            guard isOver || now - gap.first >= Self.interval else { return false }
            if let last = state.consumedAt, now - last < Self.interval { return false }
            (state.gap, state.consumedAt) = (nil, now)
            return true
        }
    }
}

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

    /// The duration from which on a series of deferrals is a long outage.
    static let longOutage = Duration.seconds(900)

    private struct State {
        /// The times of the first and the last deferral; nil for none since the last gap was consumed.
        var gap: (first: Duration, last: Duration)?
        /// When the last gap was consumed.
        var consumedAt: Duration?
        /// The times of the first and the last deferral of the last series without a pause of ``timeout``.
        var series: (first: Duration, last: Duration)?
        /// The last deferral of a long outage.
        var longOutageEndedAt: Duration?
    }

    private let state = Mutex(State())

    /// Creates a tracker without a gap.
    package init() {}

    /// Records that a delivery was deferred.
    package func recordDeferral(now: Duration) {
        state.withLock { state in
            state.gap = (state.gap?.first ?? now, now)
            let isContinued = state.series.map { now - $0.last < Self.timeout } ?? false
            let first = isContinued ? state.series?.first ?? now : now
            state.series = (first, now)
            if now - first > Self.longOutage { state.longOutageEndedAt = now }
        }
    }

    /// When the last long outage ended, or last deferred a delivery; nil for none since ``forgetLongOutage(endedAt:)``.
    var longOutageEndedAt: Duration? { state.withLock { $0.longOutageEndedAt } }

    /// Forgets a long outage that was stored, unless it continued meanwhile.
    func forgetLongOutage(endedAt time: Duration?) {
        state.withLock { if $0.longOutageEndedAt == time { $0.longOutageEndedAt = nil } }
    }

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

import AWSClient
package import Encoding
package import Logging
package import Store
import Synchronization
import Telemetry

/// Rules for suspending deletion by age because of the clock. Pure functions.
enum ClockRule {
    /// Largest advance of the clock between two checks that does not count as a jump.
    static let longestStep = Duration.seconds(3600)
    /// How long deletion is suspended after a jump.
    package static let hold = Duration.seconds(86_400)
    /// Largest difference from the clock of AWS. AWS rejects requests signed with a larger one.
    static let tolerance = Duration.seconds(300)
    /// The time without a check, or the step of the clock, from which on reports of mapped sources may have been missed. Longer
    /// than the interval in which the mark is written.
    static let longestGap = Duration.seconds(900)

    /// The clock mark to store; nil if AWS's time is needed first to tell a jump of the clock from a downtime of the bridge.
    ///
    /// - Parameters:
    ///   - last: the stored mark.
    ///   - serviceNow: AWS's time; nil if unknown.
    ///   - outageEndedAt: when deliveries could not be accepted last, although this process ran; nil if it always could.
    static func mark(
        after last: ClockMark?, now: Timestamp, serviceNow: Timestamp?, outageEndedAt: Timestamp? = nil
    ) -> ClockMark? {
        let isConfirmed = serviceNow.map { agrees(now, with: $0) } ?? false
        guard let last else { return ClockMark(newest: now, isConfirmed: isConfirmed, heldUntil: .earliest) }
        let isFar = now - last.newest > longestStep
        if isFar, last.isConfirmed, serviceNow == nil { return nil }
        let end = now + hold
        // Between two times that AWS confirmed, the time has really passed. A stored hold that exceeds the longest possible
        // one dates from before the clock was set back.
        let hasJumped = isFar && !(last.isConfirmed && isConfirmed)
        let wasOut = (now - last.newest).magnitude > longestGap
        return ClockMark(
            newest: now, isConfirmed: isConfirmed, heldUntil: hasJumped ? end : min(last.heldUntil, end),
            outageEndedAt: wasOut ? now : min(max(last.outageEndedAt, outageEndedAt ?? .earliest), now))
    }

    static func agrees(_ now: Timestamp, with serviceNow: Timestamp) -> Bool {
        (now - serviceNow).magnitude <= tolerance
    }
}

/// Decides whether this machine's clock is trusted, and provides the time.
///
/// A clock that jumps ahead makes everything in the store look old. So nothing is deleted or dead-lettered because of its age while
/// the clock differs from AWS's, and for a day after it jumped ahead by more than an hour, even across restarts.
package final class ClockTrust: Sendable {
    private struct State {
        var mark: ClockMark?
        /// The clock and the monotonic time at the last check; nil before the first.
        var checked: (now: Timestamp, elapsed: Duration)?
        var wasTrusted = true
    }

    private let now: @Sendable () -> Timestamp
    private let elapsed: @Sendable () -> Duration
    private let serviceNow: @Sendable () -> Timestamp?
    private let isChecked: Bool
    private let logger: Logger
    private let state = Mutex(State())
    /// Shortest time between two writes of an unchanged mark.
    private static let writeInterval = Duration.seconds(600)

    /// - Parameters:
    ///   - now: this machine's time.
    ///   - elapsed: the time of ``MonotonicClock``.
    ///   - serviceNow: AWS's time; nil if unknown.
    ///   - isChecked: whether ``check(with:)`` will be called; until the first call the clock is not trusted.
    package init(
        now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration = MonotonicClock.elapsed,
        serviceNow: @escaping @Sendable () -> Timestamp? = { nil }, isChecked: Bool, logger: Logger
    ) {
        (self.now, self.elapsed, self.serviceNow) = (now, elapsed, serviceNow)
        (self.isChecked, self.logger) = (isChecked, logger)
    }

    /// Whether the clock is trusted now.
    package var isTrusted: Bool {
        let now = now()
        if let serviceNow = serviceNow(), !ClockRule.agrees(now, with: serviceNow) { return false }
        guard isChecked else { return true }
        let (mark, checked) = state.withLock { ($0.mark, $0.checked) }
        guard let mark, let checked, mark.heldUntil <= now else { return false }
        let expected = checked.now + (elapsed() - checked.elapsed)
        return (now - expected).magnitude <= ClockRule.longestStep
    }

    /// AWS's time if known, else this machine's.
    package var bestTime: Timestamp { serviceNow() ?? now() }

    /// AWS's time if known, else this machine's if trusted; nil otherwise.
    package var trustedTime: Timestamp? { serviceNow() ?? (isTrusted ? now() : nil) }

    /// Whether a finding that was not reported for `expireAfter` may be archived: its source had that time, and at most a day,
    /// to report it since the last outage or jump of the clock.
    func allowsExpiry(after expireAfter: Duration) -> Bool {
        guard isTrusted else { return false }
        guard isChecked else { return true }
        guard let mark = state.withLock({ $0.mark }) else { return false }
        return now() - mark.outageEndedAt >= min(expireAfter, ClockRule.hold)
    }

    /// Compares the clock with the stored mark, and updates the mark.
    ///
    /// - Parameter outageEndedAt: when deliveries could not be accepted last, although this process ran; nil if it always
    ///   could.
    package func check(
        with store: any StoreMaintenance, outageEndedAt: Timestamp? = nil
    ) async throws(StoreError) {
        guard isChecked else { return }
        let last = try await store.clockMark()
        let (now, elapsed) = (now(), elapsed())
        let mark = ClockRule.mark(
            after: last, now: now, serviceNow: serviceNow(), outageEndedAt: outageEndedAt)
        if let mark, Self.isNews(mark, last) { try await store.record(mark) }
        state.withLock { ($0.mark, $0.checked) = (mark, (now, elapsed)) }
        report(now)
    }

    private static func isNews(_ mark: ClockMark, _ last: ClockMark?) -> Bool {
        guard let last else { return true }
        return mark.isConfirmed != last.isConfirmed || mark.heldUntil != last.heldUntil
            || mark.outageEndedAt != last.outageEndedAt
            || (mark.newest - last.newest).magnitude >= writeInterval
    }

    private func report(_ now: Timestamp) {
        // Wait for AWS's time first.
        guard state.withLock({ $0.mark != nil }) else { return }
        let isTrusted = isTrusted
        let (isNews, heldUntil) = state.withLock { state in
            defer { state.wasTrusted = isTrusted }
            return (state.wasTrusted != isTrusted, state.mark?.heldUntil)
        }
        guard isNews else { return }
        guard !isTrusted else {
            logger.log(.clockTrusted)
            return
        }
        let difference = serviceNow().map { "\((now - $0).components.seconds) s" } ?? "unknown"
        let held = heldUntil.map { max($0 - now, .zero).components.seconds } ?? 0
        logger.log(.clockNotTrusted, [.aheadOfAWS: .string(difference), .heldFor: "\(held) s"])
    }
}

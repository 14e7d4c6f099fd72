import AWSClient
import Encoding
package import Logging
package import Store
import Synchronization
import Telemetry

/// Rules for suspending deletion by age because of the clock. Pure functions; times are milliseconds since 1970.
enum ClockRule {
    /// Largest advance of the clock between two checks that does not count as a jump.
    static let longestStep: Int64 = 3_600_000
    /// How long deletion is suspended after a jump.
    package static let hold: Int64 = 86_400_000
    /// Largest difference from the clock of AWS. AWS rejects requests signed with a larger one.
    static let tolerance: Int64 = 300_000

    /// The clock mark to store; nil if AWS's time is needed first to tell a jump of the clock from a downtime of the bridge.
    ///
    /// - Parameters:
    ///   - last: the stored mark.
    ///   - serviceNow: AWS's time; nil if unknown.
    static func mark(after last: ClockMark?, now: Int64, serviceNow: Int64?) -> ClockMark? {
        let isConfirmed = serviceNow.map { agrees(now, with: $0) } ?? false
        guard let last else { return ClockMark(newest: now, isConfirmed: isConfirmed, heldUntil: 0) }
        let isFar = now.saturatingSubtracting(last.newest) > longestStep
        if isFar, last.isConfirmed, serviceNow == nil { return nil }
        let end = now.saturatingAdding(hold)
        // Between two times that AWS confirmed, the time has really passed. A stored hold that exceeds the longest possible
        // one dates from before the clock was set back.
        let hasJumped = isFar && !(last.isConfirmed && isConfirmed)
        return ClockMark(
            newest: now, isConfirmed: isConfirmed, heldUntil: hasJumped ? end : min(last.heldUntil, end))
    }

    static func agrees(_ now: Int64, with serviceNow: Int64) -> Bool {
        now.saturatingDistance(to: serviceNow) <= tolerance
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
        var checked: (now: Int64, elapsed: Int64)?
        var wasTrusted = true
    }

    private let now: @Sendable () -> Int64
    private let elapsed: @Sendable () -> Int64
    private let serviceNow: @Sendable () -> Int64?
    private let isChecked: Bool
    private let logger: Logger
    private let state = Mutex(State())
    /// Shortest time between two writes of an unchanged mark, in milliseconds.
    private static let writeInterval: Int64 = 600_000

    /// - Parameters:
    ///   - now: this machine's time, in milliseconds since 1970.
    ///   - elapsed: the time of ``MonotonicClock``, in milliseconds.
    ///   - serviceNow: AWS's time, in milliseconds since 1970; nil if unknown.
    ///   - isChecked: whether ``check(with:)`` will be called; until the first call the clock is not trusted.
    package init(
        now: @escaping @Sendable () -> Int64, elapsed: @escaping @Sendable () -> Int64 = MonotonicClock.milliseconds,
        serviceNow: @escaping @Sendable () -> Int64? = { nil }, isChecked: Bool, logger: Logger
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
        let expected = checked.now.saturatingAdding(elapsed().saturatingSubtracting(checked.elapsed))
        return now.saturatingDistance(to: expected) <= ClockRule.longestStep
    }

    /// AWS's time if known, else this machine's, in milliseconds since 1970.
    package var bestTime: Int64 { serviceNow() ?? now() }

    /// AWS's time if known, else this machine's if trusted, in milliseconds since 1970; nil otherwise.
    var trustedTime: Int64? { serviceNow() ?? (isTrusted ? now() : nil) }

    /// Compares the clock with the stored mark, and updates the mark.
    package func check(with store: any StoreMaintenance) async throws(StoreError) {
        guard isChecked else { return }
        let last = try await store.clockMark()
        let (now, elapsed) = (now(), elapsed())
        let mark = ClockRule.mark(after: last, now: now, serviceNow: serviceNow())
        if let mark, Self.isNews(mark, last) { try await store.record(mark) }
        state.withLock { ($0.mark, $0.checked) = (mark, (now, elapsed)) }
        report(now)
    }

    private static func isNews(_ mark: ClockMark, _ last: ClockMark?) -> Bool {
        guard let last else { return true }
        return mark.isConfirmed != last.isConfirmed || mark.heldUntil != last.heldUntil
            || mark.newest.saturatingDistance(to: last.newest) >= writeInterval
    }

    private func report(_ now: Int64) {
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
        let difference = serviceNow().map { "\(now.saturatingSubtracting($0) / 1000) s" } ?? "unknown"
        let held = heldUntil.map { max($0.saturatingSubtracting(now), 0) / 1000 } ?? 0
        logger.log(.clockNotTrusted, [.aheadOfAWS: .string(difference), .heldFor: "\(held) s"])
    }
}

import AWSCore
import Store

/// How long a delivery waits after a failure.
enum RetryBackoff {
    /// What a delivery that fails is kept for: with the longest wait between attempts, more than a week.
    static let maximumAttempts = 2500

    /// How long a delivery is kept that AWS denies, for want of a permission or of Security Hub, in milliseconds: Security
    /// Hub itself forgets findings that are 90 days old.
    private static let maximumDeniedAge: Int64 = 90 * 86_400_000

    /// Whether a delivery that is denied is not worth keeping any longer.
    static func isTooOld(_ delivery: Delivery, now: Int64) -> Bool {
        now.saturatingSubtracting(delivery.receivedAt) > maximumDeniedAge
    }

    /// The wait before the next attempt at what is denied and suspends nothing, so that nothing else probes it: from half
    /// a minute to a minute.
    static func delayAfterDenial(jitter: Double) -> Duration { delay(afterAttempt: 7, jitter: jitter) }

    /// The wait after the store or the lease cut an attempt short, from one to three seconds.
    static func delayAfterInterruption(jitter: Double) -> Duration {
        .milliseconds(1000 + Int64(2000 * (jitter > 0 ? min(jitter, 1) : 0)))
    }

    /// The wait before the next attempt: doubling from one second up to five minutes, half of it by chance, so that
    /// what failed together is not tried together.
    ///
    /// - Parameters:
    ///   - attempt: how many attempts there were, from 1.
    ///   - jitter: a number from 0 to 1.
    static func delay(afterAttempt attempt: Int, jitter: Double) -> Duration {
        let full = min(Double(QueueTime.longestWait), Double(1000 << min(max(attempt, 1) - 1, 9)))
        // Written so that no number, not even one that is none, leads out of the range.
        let part = jitter > 0 ? min(jitter, 1) : 0
        return .milliseconds(Int64(full * (0.5 + 0.5 * part)))
    }
}

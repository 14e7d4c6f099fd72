import Encoding
import Store

/// Delays before retries of failed deliveries.
enum RetryBackoff {
    /// The attempts after which a delivery is dead-lettered: more than a week at the longest delay.
    static let maximumAttempts = 2500

    /// How long a delivery is retried while AWS denies access. Security Hub deletes findings after 90 days.
    private static let maximumDeniedAge = Duration.seconds(90 * 86_400)

    /// Whether a delivery that AWS denies is too old to be retried.
    static func isTooOld(_ delivery: Delivery, now: Timestamp) -> Bool {
        now - delivery.receivedAt > maximumDeniedAge
    }

    /// The delay after a denial that suspends nothing, so that no probe follows: from 32 to 64 seconds.
    static func delayAfterDenial(jitter: Double) -> Duration { delay(afterAttempt: 7, jitter: jitter) }

    /// The delay after the store or a lease interrupted an attempt: from one to three seconds.
    static func delayAfterInterruption(jitter: Double) -> Duration {
        .milliseconds(1000 + Int64(2000 * (jitter > 0 ? min(jitter, 1) : 0)))
    }

    private static let backoff = ExponentialBackoff(
        base: .seconds(1), cap: QueueTime.longestWait, jitter: .half)

    /// The delay before the next attempt: it doubles from one second to five minutes. Half of it is jitter, so that
    /// deliveries that failed together are not retried together.
    ///
    /// - Parameters:
    ///   - attempt: the number of attempts so far, from 1.
    ///   - jitter: a number from 0 to 1.
    static func delay(afterAttempt attempt: Int, jitter: Double) -> Duration {
        backoff.delay(afterFailures: attempt, random: jitter)
    }
}

import Encoding

/// How often and when a temporarily failed request is retried: exponential backoff with full jitter (AWS Builders'
/// Library, "Timeouts, retries, and backoff with jitter").
package struct RetryPolicy: Sendable, Hashable {
    /// The maximum number of attempts, including the first; at least 1.
    package var maximumAttempts: Int
    /// The maximum delay before the first retry; it doubles with each further one.
    package var baseDelay: Duration
    /// The maximum delay before any retry; also bounds `Retry-After`.
    package var maximumDelay: Duration

    /// Makes a policy.
    package init(
        maximumAttempts: Int = 5, baseDelay: Duration = .milliseconds(100), maximumDelay: Duration = .seconds(20)
    ) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
    }

    /// Whether to retry a request after this failure.
    package func shouldRetry(_ kind: AWSError.Kind, afterAttempt attempt: Int) -> Bool {
        switch kind {
        case .throttled, .transient: attempt < maximumAttempts
        case .expiredCredentials, .noCredentials, .accessDenied, .notEnabled, .notFound, .invalid, .canceled, .other:
            false
        }
    }

    /// The delay before the next attempt.
    ///
    /// - Parameters:
    ///   - attempt: the number of the attempt that failed, from 1.
    ///   - random: a number from 0 to 1, for the jitter.
    ///   - retryAfter: the delay that the service asked for, or nil; the minimum delay, up to ``maximumDelay``.
    package func delay(afterAttempt attempt: Int, random: Double, retryAfter: Duration?) -> Duration {
        let backoff = ExponentialBackoff(base: baseDelay, cap: maximumDelay, jitter: .full)
        return max(
            backoff.delay(afterFailures: attempt, random: random), min(retryAfter ?? .zero, maximumDelay), .zero)
    }

    /// Parses the seconds of a `Retry-After` field (RFC 9110, section 10.2.3); nil for a date, which AWS does not send.
    static func retryAfter(_ field: String?) -> Duration? {
        guard let field, (1...9).contains(field.utf8.count), field.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            return nil
        }
        return Int64(field).map { .seconds($0) }
    }
}

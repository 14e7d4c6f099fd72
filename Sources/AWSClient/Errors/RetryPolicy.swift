/// How often and when a request that failed for now is repeated: exponential backoff with full jitter (AWS Builders'
/// Library, "Timeouts, retries, and backoff with jitter").
public struct RetryPolicy: Sendable, Hashable {
    /// How often a request is sent in all; at least 1.
    public var maximumAttempts: Int
    /// The longest time before the first repetition; it doubles with each further one.
    public var baseDelay: Duration
    /// The longest time before any repetition, also when the service asks for more.
    public var maximumDelay: Duration

    /// Makes a policy.
    public init(
        maximumAttempts: Int = 5, baseDelay: Duration = .milliseconds(100), maximumDelay: Duration = .seconds(20)
    ) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
    }

    /// Whether a request that failed like this is worth repeating.
    public func shouldRetry(_ kind: AWSError.Kind, afterAttempt attempt: Int) -> Bool {
        switch kind {
        case .throttled, .transient: attempt < maximumAttempts
        case .expiredCredentials, .noCredentials, .accessDenied, .notEnabled, .notFound, .invalid, .canceled, .other:
            false
        }
    }

    /// The time until the next attempt.
    ///
    /// - Parameters:
    ///   - attempt: the number of the attempt that failed, from 1.
    ///   - random: a number from 0 to 1 that makes out the jitter.
    ///   - retryAfter: how long the service asks to wait, or nil; no less is waited, up to ``maximumDelay``.
    public func delay(afterAttempt attempt: Int, random: Double, retryAfter: Duration?) -> Duration {
        let doublings = min(max(attempt, 1), 31) - 1
        // Doubling stops at the limit, so it cannot overflow.
        var ceiling = min(max(baseDelay, .zero), maximumDelay)
        for _ in 0..<doublings where ceiling < maximumDelay { ceiling = min(ceiling * 2, maximumDelay) }
        // A comparison that not-a-number fails too.
        let jittered = ceiling * (random >= 0 ? min(random, 1) : 0)
        return max(jittered, min(retryAfter ?? .zero, maximumDelay), .zero)
    }

    /// Reads the seconds of a `Retry-After` field (RFC 9110, section 10.2.3); nil for a date, which AWS does not send.
    static func retryAfter(_ field: String?) -> Duration? {
        guard let field, (1...9).contains(field.utf8.count), field.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            return nil
        }
        return Int64(field).map { .seconds($0) }
    }
}

import Encoding

/// Suspends the requests to AWS of one lane while AWS denies them. A pure value; times are of a monotonic clock.
///
/// While it is open, single probes are allowed at growing intervals. The first successful request closes it.
package struct CircuitBreaker: Sendable, Hashable {
    /// Why requests are suspended.
    package struct Denial: Sendable, Hashable {
        /// What is missing.
        package var cause: Cause
        /// The last error, in AWS's words, with its remediation.
        package var reason: String
        /// When the first request was denied.
        package var since: Duration
        /// When the next probe is allowed.
        package var retryAt: Duration
        /// The number of denied attempts.
        package var attempts: Int
    }

    /// The cause of a suspension, as shown in logs and on the status page.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        /// AWS denied access.
        case accessDenied
        /// Security Hub is not enabled in the account and Region.
        case notEnabled
        /// No usable credentials, or no role configured for the account.
        case noCredentials
        /// Requests do not reach AWS.
        case unreachable
    }

    /// Which requests are allowed.
    package enum State: Hashable {
        /// All requests.
        case closed
        /// The requests of one delivery, as a probe.
        case halfOpen
        /// None.
        case open
    }

    /// Why requests are suspended; nil while they are not.
    package private(set) var denial: Denial?
    /// Whether a probe is in progress.
    private var isProbing = false

    /// The time between probes: short enough for an operator who has just granted a permission.
    private static let probeInterval = ExponentialBackoff(base: .seconds(1), cap: .seconds(60))

    /// Whether any request is allowed at a time. If not, no deliveries are leased.
    func allowsRequests(now: Duration) -> Bool {
        guard let denial else { return true }
        return !isProbing && denial.retryAt <= now
    }

    /// Returns which requests are allowed. The caller ends a probe (`halfOpen`) with ``endProbe()``.
    mutating func allow(now: Duration) -> State {
        guard denial != nil else { return .closed }
        guard allowsRequests(now: now) else { return .open }
        isProbing = true
        return .halfOpen
    }

    /// Records that AWS denied a request.
    ///
    /// - Returns: whether this opened the circuit breaker.
    mutating func recordDenial(_ reason: String, _ cause: Cause = .accessDenied, now: Duration) -> Bool {
        // A further request of the same probe, or one that was in progress when the first was denied.
        if let denial, !isProbing || denial.retryAt > now {
            self.denial?.reason = reason
            self.denial?.cause = cause
            return false
        }
        let attempts = (denial?.attempts ?? 0) + 1
        let pause = Self.probeInterval.delay(afterFailures: attempts)
        let isNews = denial == nil
        denial = Denial(
            cause: cause, reason: reason, since: denial?.since ?? now, retryAt: now + pause,
            attempts: attempts)
        return isNews
    }

    /// Records that AWS accepted a request, and closes the circuit breaker.
    ///
    /// - Returns: the denial that has ended; nil if it was closed before.
    package mutating func recordSuccess() -> Denial? {
        defer { (denial, isProbing) = (nil, false) }
        return denial
    }

    /// Records that a probe has ended, whatever its outcome.
    mutating func endProbe() { isProbing = false }
}

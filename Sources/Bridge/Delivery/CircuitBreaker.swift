import AWSCore

/// How AWS takes our requests for one account and Region. A pure value; times are milliseconds of a monotonic clock.
///
/// While AWS denies them, nothing is sent but one try now and then; the first one that works opens the way for all.
struct CircuitBreaker: Sendable, Hashable {
    /// What AWS says no with.
    struct Denial: Sendable, Hashable {
        /// What is missing.
        var cause: Cause
        /// In AWS's words, with what to do.
        var reason: String
        /// Since when.
        var since: Int64
        /// When the next try is due.
        var retryAt: Int64
        /// How many tries there were.
        var attempts: Int
    }

    /// Why an account and Region is suspended, in a word.
    enum Cause: String, Sendable, Hashable, CaseIterable {
        /// AWS denies access.
        case accessDenied
        /// The account does not use Security Hub in this Region.
        case notEnabled
        /// There are no usable credentials to sign requests with, or no role is configured for the account.
        case noCredentials
        /// No request reaches AWS.
        case unreachable
    }

    /// What may be sent.
    enum Admission: Hashable {
        case everything
        /// The work of one delivery, to try whether AWS takes it again.
        case one
        case nothing
    }

    private(set) var denial: Denial?
    /// Whether a try is under way.
    private var isTrying = false

    /// The longest time between two tries: somebody who has just given a permission looks whether it works.
    private static let longestPause: Int64 = 60_000

    /// Whether anything may be sent at a time: nothing is to be fetched from the queue while not.
    func admitsAnything(now: Int64) -> Bool {
        guard let denial else { return true }
        return !isTrying && denial.retryAt <= now
    }

    /// Asks what may be sent; `one` has to be followed by ``ended()``.
    mutating func admit(now: Int64) -> Admission {
        guard denial != nil else { return .everything }
        guard admitsAnything(now: now) else { return .nothing }
        isTrying = true
        return .one
    }

    /// Notes that AWS denied a request.
    ///
    /// - Returns: whether that is news.
    mutating func denied(_ reason: String, _ cause: Cause = .accessDenied, now: Int64) -> Bool {
        // Several requests of one try, or those under way when the first was denied.
        if let denial, !isTrying || denial.retryAt > now {
            self.denial?.reason = reason
            self.denial?.cause = cause
            return false
        }
        let attempts = (denial?.attempts ?? 0) + 1
        let pause = min(1000 << Int64(min(attempts, 7) - 1), Self.longestPause)
        let isNews = denial == nil
        denial = Denial(
            cause: cause, reason: reason, since: denial?.since ?? now, retryAt: now.saturatingAdding(pause),
            attempts: attempts)
        return isNews
    }

    /// Notes that AWS took a request.
    ///
    /// - Returns: what is over by that.
    mutating func worked() -> Denial? {
        defer { (denial, isTrying) = (nil, false) }
        return denial
    }

    /// Notes that a try has ended, whatever came of it.
    mutating func ended() { isTrying = false }
}

import Encoding

/// Decides when temporary credentials are renewed.
enum RefreshRule {
    /// What to do when credentials are requested.
    enum Action: Hashable {
        /// Use the current ones.
        case use
        /// Use the current ones, and renew them in the background.
        case useAndRefresh
        /// Wait for new ones; if that fails, use the current ones, which expire in moments.
        case refreshOrUse
        /// Wait for new ones: the current ones have expired.
        case refresh
    }

    /// The earliest renewal before expiration, as in AWS's SDK for Python.
    private static let earliest = Duration.seconds(15 * 60)
    /// The margin before expiration in which credentials are not relied on: a request takes time to arrive.
    private static let margin = Duration.seconds(60)

    /// - Parameters:
    ///   - obtainedAt: when they were fetched.
    ///   - notBefore: the earliest time of the next attempt, after a failure.
    static func action(
        of credentials: Credentials, obtainedAt: Timestamp, now: Timestamp, notBefore: Timestamp
    ) -> Action {
        guard let expiration = credentials.expiration else { return .use }
        let left = expiration - now
        let lifetime = max(expiration - obtainedAt, .zero)
        if left <= .zero { return .refresh }
        guard now >= notBefore else { return .use }
        if left <= min(margin, lifetime / 20) { return .refreshOrUse }
        // Credentials that live for 15 minutes would otherwise be renewed all the time.
        return left <= min(earliest, lifetime / 4) ? .useAndRefresh : .use
    }

    /// The time between attempts that fail.
    static let backoff = ExponentialBackoff(base: .seconds(1), cap: .seconds(64))
}

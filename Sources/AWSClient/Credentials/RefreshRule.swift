import AWSCore

/// When temporary credentials are renewed. A pure rule; times are milliseconds since 1970.
enum RefreshRule {
    /// What to do when somebody asks for credentials.
    enum Action: Hashable {
        /// They are good for a while.
        case use
        /// They are good, and it is time to fetch the next ones meanwhile.
        case useAndRefresh
        /// The next ones are to be waited for; if they cannot be had, these are good for some moments yet.
        case refreshOrUse
        /// They are over.
        case refresh
    }

    /// The longest time before their end at which credentials are renewed: AWS's SDK for Python has the same.
    private static let earliest: Int64 = 15 * 60_000
    /// How long before their end they are not relied on: requests are under way for some time.
    private static let margin: Int64 = 60_000

    /// - Parameters:
    ///   - obtainedAt: when they were fetched.
    ///   - notBefore: before this, no attempt is worth while: the last one failed just now.
    static func action(of credentials: Credentials, obtainedAt: Int64, now: Int64, notBefore: Int64) -> Action {
        guard let expiration = credentials.expiration else { return .use }
        let left = expiration.saturatingSubtracting(now)
        let lifetime = max(expiration.saturatingSubtracting(obtainedAt), 0)
        if left <= 0 { return .refresh }
        guard now >= notBefore else { return .use }
        if left <= min(margin, lifetime / 20) { return .refreshOrUse }
        // Those that live for a quarter of an hour would be renewed all the time.
        return left <= min(earliest, lifetime / 4) ? .useAndRefresh : .use
    }

    /// How long nothing is fetched after so many failures in a row.
    static func pause(afterFailures count: Int) -> Int64 { 1000 << Int64(min(max(count, 1), 7) - 1) }
}

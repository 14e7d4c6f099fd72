package import AWSCore
import Synchronization

/// Limits the rate of requests to AWS, per operation, account and Region: to AWS's documented quotas, and lower after
/// throttling. One instance serves the whole process, because AWS counts all requests of an account together.
package final class Pacer: Sendable {
    /// What is limited separately.
    struct Key: Hashable {
        let account: AccountID?
        let region: Region
        let service: AWSService
        let operation: String
    }

    /// The configured rate limit for imports per account and Region, for a raised quota or one shared with other
    /// importers.
    package struct ImportRate: Sendable, Hashable {
        let quota: Quota

        /// - Parameters:
        ///   - rate: imports per second, more than 0.
        ///   - burst: imports at once after an idle period, at least 1.
        package init(rate: Double, burst: Int) { quota = Quota(rate: rate, burst: burst) }
    }

    private struct State {
        var imports: ImportRate?
        var paces: [Key: OperationPace] = [:]
        /// When accounts and Regions were taken over from another replica.
        var takenAt: [AccountRegion: Duration] = [:]
    }

    private let state: Mutex<State>

    /// Makes a pacer.
    ///
    /// - Parameter imports: nil for the documented quota.
    package init(imports: ImportRate? = nil) { state = Mutex(State(imports: imports)) }

    /// Changes the rate limit for imports.
    func setImportRate(_ imports: ImportRate, now: Duration) {
        state.withLock { state in
            state.imports = imports
            for key in state.paces.keys where Self.isImport(key) { state.paces[key]?.use(imports.quota, now: now) }
        }
    }

    /// The tokens left for each account, Region and operation; see ``PaceLevel``.
    func levels(now: Duration) -> [PaceLevel] {
        state.withLock { $0.paces }.compactMap { key, pace in
            guard let account = key.account, let tokens = pace.level(now: now), let rate = pace.rate else { return nil }
            return PaceLevel(
                accountRegion: AccountRegion(account: account, region: key.region), operation: key.operation,
                tokens: tokens, rate: rate)
        }
    }

    /// Records that this process takes over an account and Region from another replica, which may have used up the
    /// bursts.
    func takeOver(_ accountRegion: AccountRegion, now: Duration) {
        state.withLock { state in
            state.takenAt[accountRegion] = now
            for key in state.paces.keys where key.account == accountRegion.account && key.region == accountRegion.region
            {
                state.paces[key]?.empty(now: now)
            }
        }
    }

    private static func isImport(_ key: Key) -> Bool {
        key.service == .securityHub && key.operation == "BatchImportFindings"
    }

    private static func quota(_ key: Key, _ imports: ImportRate?) -> Quota? {
        if isImport(key), let imports { return imports.quota }
        return Quota.documented(key.service, key.operation)
    }

    private func change<Value: Sendable>(
        _ key: Key, now: Duration, _ body: (inout OperationPace) -> Value
    ) -> Value {
        state.withLock { state in
            let (imports, takenAt) = (state.imports, state.takenAt)
            return body(&state.paces[key, default: Self.pace(key, imports, takenAt, now: now)])
        }
    }

    private static func pace(
        _ key: Key, _ imports: ImportRate?, _ takenAt: [AccountRegion: Duration], now: Duration
    ) -> OperationPace {
        var pace = OperationPace(quota: quota(key, imports), now: now)
        let accountRegion = key.account.map { AccountRegion(account: $0, region: key.region) }
        if let takenAt = accountRegion.flatMap({ takenAt[$0] }) { pace.empty(now: takenAt) }
        return pace
    }

    /// Reserves a slot for one request; returns how long to wait for it.
    func reserve(_ key: Key, now: Duration) -> Duration { change(key, now: now) { $0.reserve(now: now) } }

    /// Records the response to a request.
    ///
    /// - Parameter isThrottled: whether AWS throttled the request.
    func record(_ key: Key, isThrottled: Bool, retryAfter: Duration?, now: Duration) {
        change(key, now: now) { pace in
            if isThrottled {
                pace.recordThrottling(retryAfter: retryAfter, now: now)
            } else {
                pace.recordResponse(now: now)
            }
        }
    }

    /// Whether a request, and several after it, could be sent immediately.
    func hasHeadroom(_ key: Key, now: Duration) -> Bool { change(key, now: now) { $0.hasHeadroom(now: now) } }
}

/// The rate-limit tokens left for an operation in an account and Region.
package struct PaceLevel: Sendable, Hashable {
    /// The account and Region.
    package let accountRegion: AccountRegion
    /// The operation's name.
    package let operation: String
    /// The tokens left; negative when requests wait for tokens.
    package let tokens: Double
    /// The sustained requests per second.
    package let rate: Double
}

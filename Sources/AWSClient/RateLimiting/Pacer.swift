public import AWSCore
import Synchronization

/// Spreads the requests to AWS: each operation in each account and Region at the pace that AWS documents, slower when AWS
/// says that they come too fast. One for the whole process, as AWS counts all requests of an account together.
public final class Pacer: Sendable {
    /// What has a pace of its own.
    struct Key: Hashable {
        let account: AccountID?
        let region: Region
        let service: AWSService
        let operation: String
    }

    /// Imports a second and at once, for each account and Region, where AWS has granted more, or others need some.
    public struct ImportRate: Sendable, Hashable {
        let quota: Quota

        /// - Parameters:
        ///   - rate: imports a second, more than 0.
        ///   - burst: imports at once after a pause, at least 1.
        public init(rate: Double, burst: Int) { quota = Quota(rate: rate, burst: burst) }
    }

    private struct State {
        var imports: ImportRate?
        var paces: [Key: OperationPace] = [:]
        /// When accounts and Regions were taken over from another process.
        var takenAt: [AccountRegion: Duration] = [:]
    }

    private let state: Mutex<State>

    /// Makes a pacer.
    ///
    /// - Parameter imports: nil for the documented rate.
    public init(imports: ImportRate? = nil) { state = Mutex(State(imports: imports)) }

    /// Has imports from now on be sent at another rate.
    func setImportRate(_ imports: ImportRate, now: Duration) {
        state.withLock { state in
            state.imports = imports
            for key in state.paces.keys where Self.isImport(key) { state.paces[key]?.use(imports.quota, now: now) }
        }
    }

    /// What the paces of accounts and Regions allow at once; see ``PaceLevel``.
    func levels(now: Duration) -> [PaceLevel] {
        state.withLock { $0.paces }.compactMap { key, pace in
            guard let account = key.account, let tokens = pace.level(now: now) else { return nil }
            return PaceLevel(
                accountRegion: AccountRegion(account: account, region: key.region), operation: key.operation,
                tokens: tokens)
        }
    }

    /// Notes that this process begins to work on an account and Region that another one may have worked on until now: what
    /// the rates allow at once may be used up.
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

    /// Takes the turn of a request, and returns how long to wait for it.
    func reserve(_ key: Key, now: Duration) -> Duration { change(key, now: now) { $0.reserve(now: now) } }

    /// Notes how a request was answered.
    ///
    /// - Parameter isThrottled: whether AWS said that requests come too fast.
    func record(_ key: Key, isThrottled: Bool, retryAfter: Duration?, now: Duration) {
        change(key, now: now) { pace in
            if isThrottled {
                pace.recordThrottling(retryAfter: retryAfter, now: now)
            } else {
                pace.recordResponse(now: now)
            }
        }
    }

    /// Whether a request could go at once, and some more behind it.
    func hasHeadroom(_ key: Key, now: Duration) -> Bool { change(key, now: now) { $0.hasHeadroom(now: now) } }
}

/// How many calls of an operation in an account and Region may be sent at once now.
public struct PaceLevel: Sendable, Hashable {
    /// The account and Region.
    public let accountRegion: AccountRegion
    /// The operation's name.
    public let operation: String
    /// The tokens left; less than 0 when some are promised that are yet to come.
    public let tokens: Double
}

import AWSClient
import AWSCore
import Logging
import Synchronization

/// How AWS takes our requests, for each account and Region; for the workers, the log and the status page.
final class CircuitBreakers: Sendable {
    /// An account and Region that waits.
    struct Entry: Sendable {
        let accountRegion: AccountRegion
        let denial: CircuitBreaker.Denial
    }

    /// What a denial holds up.
    enum Scope: Sendable, Hashable {
        /// All that is done for the account and Region.
        case everything
        /// The audits alone: what AWS IoT knows of them cannot be asked for. Alarms need nothing of it.
        case audits
    }

    private struct Key: Hashable {
        let accountRegion: AccountRegion
        let scope: Scope
    }

    private let circuitBreakers = Mutex<[Key: CircuitBreaker]>([:])
    private let clock: @Sendable () -> Int64
    private let logger: Logger

    init(clock: @escaping @Sendable () -> Int64, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    /// Those that are suspended, in order, each once with what suspends the most.
    var entries: [Entry] {
        let all = circuitBreakers.withLock { $0 }
        return Set(all.keys.map(\.accountRegion)).sorted().compactMap { accountRegion in
            let denial = [Scope.everything, .audits].lazy.compactMap {
                all[Key(accountRegion: accountRegion, scope: $0)]?.denial
            }
            .first
            return denial.map { Entry(accountRegion: accountRegion, denial: $0) }
        }
    }

    /// What AWS says no with, if it does.
    func denial(_ accountRegion: AccountRegion, _ scope: Scope) -> CircuitBreaker.Denial? {
        circuitBreakers.withLock { $0[Key(accountRegion: accountRegion, scope: scope)]?.denial }
    }

    /// Those that nothing is to be fetched for now, and when that is over for the first of them.
    func waiting(now: Int64) -> (accountRegions: Set<AccountRegion>, until: Int64?) {
        let closed = circuitBreakers.withLock {
            $0.filter { $0.key.scope == .everything && !$0.value.admitsAnything(now: now) }
        }
        return (
            Set(closed.keys.map(\.accountRegion)), closed.values.compactMap(\.denial?.retryAt).filter { $0 > now }.min()
        )
    }

    /// Asks what may be sent for an origin; `one` has to be followed by ``ended(_:_:)``.
    func admit(_ accountRegion: AccountRegion, _ scope: Scope = .everything) -> CircuitBreaker.Admission {
        circuitBreakers.withLock {
            $0[Key(accountRegion: accountRegion, scope: scope), default: CircuitBreaker()].admit(now: clock())
        }
    }

    /// Suspends an account and Region if a failed request calls for it, and logs that once.
    func note(_ error: AWSError, _ accountRegion: AccountRegion) {
        guard let scope = error.suspendedScope else { return }
        let key = Key(accountRegion: accountRegion, scope: scope)
        let cause = CircuitBreaker.Cause(error)
        let isNews = circuitBreakers.withLock {
            $0[key, default: CircuitBreaker()].denied(error.description, cause, now: clock())
        }
        guard isNews else { return }
        let metadata = Logger.Metadata.about(
            accountRegion,
            [LogMetadataKey.code: .string(cause.rawValue), LogMetadataKey.reason: "\(error.description)"])
        switch scope {
        case .everything: logger.error(cause.message, metadata: metadata)
        case .audits where cause == .unreachable:
            logger.error(
                "AWS IoT cannot be reached. Audits of this account and Region are suspended and will be retried.",
                metadata: metadata)
        case .audits:
            logger.error(
                "AWS IoT denies what audits need; those of this account and Region wait until it does not.",
                metadata: metadata)
        }
    }

    /// Notes that AWS took a request; says so in the log if it had denied some before.
    func worked(_ accountRegion: AccountRegion, _ scope: Scope = .everything) {
        let over = circuitBreakers.withLock { $0[Key(accountRegion: accountRegion, scope: scope)]?.worked() }
        guard let denial = over else { return }
        logger.notice(
            "AWS takes the bridge's requests again.",
            metadata: .about(
                accountRegion, ["after": "\(max(clock().saturatingSubtracting(denial.since), 0) / 1000) s"]))
    }

    /// Notes that AWS accepted the signature of a request, of whatever service: credentials are there.
    func signed(_ accountRegion: AccountRegion) {
        guard denial(accountRegion, .everything)?.cause == .noCredentials else { return }
        worked(accountRegion)
    }

    /// Notes that a try has ended.
    func ended(_ accountRegion: AccountRegion, _ scope: Scope = .everything) {
        circuitBreakers.withLock { $0[Key(accountRegion: accountRegion, scope: scope)]?.ended() }
    }
}

extension CircuitBreaker.Cause {
    /// What the log says when it suspends an account and Region.
    fileprivate var message: Logger.Message {
        switch self {
        case .accessDenied:
            "AWS denied access. Processing for this account and Region is suspended and will be retried."
        case .notEnabled:
            "Security Hub is not enabled. Processing for this account and Region is suspended and will be retried."
        case .noCredentials:
            "No usable AWS credentials. Processing for this account and Region is suspended and will be retried."
        case .unreachable:
            "AWS cannot be reached. Processing for this account and Region is suspended and will be retried."
        }
    }
}

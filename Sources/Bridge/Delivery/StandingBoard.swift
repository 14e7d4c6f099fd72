import AWSClient
import AWSCore
import Logging
import Synchronization

/// How AWS takes our requests, for each account and Region; for the workers, the log and the status page.
final class StandingBoard: Sendable {
    /// An account and Region that waits.
    struct Entry: Sendable {
        let origin: Origin
        let denial: Standing.Denial
    }

    /// What a denial holds up.
    enum Scope: Sendable, Hashable {
        /// All that is done for the account and Region.
        case everything
        /// The audits alone: what AWS IoT knows of them cannot be asked for. Alarms need nothing of it.
        case audits
    }

    private struct Key: Hashable {
        let origin: Origin
        let scope: Scope
    }

    private let standings = Mutex<[Key: Standing]>([:])
    private let clock: @Sendable () -> Int64
    private let logger: Logger

    init(clock: @escaping @Sendable () -> Int64, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    /// Those that are suspended, in order, each once with what suspends the most.
    var entries: [Entry] {
        let all = standings.withLock { $0 }
        return Set(all.keys.map(\.origin)).sorted().compactMap { origin in
            let denial = [Scope.everything, .audits].lazy.compactMap { all[Key(origin: origin, scope: $0)]?.denial }
                .first
            return denial.map { Entry(origin: origin, denial: $0) }
        }
    }

    /// What AWS says no with, if it does.
    func denial(_ origin: Origin, _ scope: Scope) -> Standing.Denial? {
        standings.withLock { $0[Key(origin: origin, scope: scope)]?.denial }
    }

    /// Those that nothing is to be fetched for now, and when that is over for the first of them.
    func waiting(now: Int64) -> (origins: Set<Origin>, until: Int64?) {
        let closed = standings.withLock {
            $0.filter { $0.key.scope == .everything && !$0.value.admitsAnything(now: now) }
        }
        return (Set(closed.keys.map(\.origin)), closed.values.compactMap(\.denial?.retryAt).filter { $0 > now }.min())
    }

    /// Asks what may be sent for an origin; `one` has to be followed by ``ended(_:_:)``.
    func admit(_ origin: Origin, _ scope: Scope = .everything) -> Standing.Admission {
        standings.withLock { $0[Key(origin: origin, scope: scope), default: Standing()].admit(now: clock()) }
    }

    /// Suspends an account and Region if a failed request calls for it, and logs that once.
    func note(_ error: AWSError, _ origin: Origin) {
        guard let scope = error.suspendedScope else { return }
        let key = Key(origin: origin, scope: scope)
        let cause = Standing.Cause(error)
        let isNews = standings.withLock { $0[key, default: Standing()].denied(error.description, cause, now: clock()) }
        guard isNews else { return }
        let metadata = Logger.Metadata.about(
            origin, [LogKey.code: .string(cause.rawValue), LogKey.reason: "\(error.description)"])
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
    func worked(_ origin: Origin, _ scope: Scope = .everything) {
        let over = standings.withLock { $0[Key(origin: origin, scope: scope)]?.worked() }
        guard let denial = over else { return }
        logger.notice(
            "AWS takes the bridge's requests again.",
            metadata: .about(origin, ["after": "\(max(clock().saturatingSubtracting(denial.since), 0) / 1000) s"]))
    }

    /// Notes that AWS accepted the signature of a request, of whatever service: credentials are there.
    func signed(_ origin: Origin) {
        guard denial(origin, .everything)?.cause == .noCredentials else { return }
        worked(origin)
    }

    /// Notes that a try has ended.
    func ended(_ origin: Origin, _ scope: Scope = .everything) {
        standings.withLock { $0[Key(origin: origin, scope: scope)]?.ended() }
    }
}

extension Standing.Cause {
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

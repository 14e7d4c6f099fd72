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

    /// Those that wait because AWS denies what is asked of it there, in order, each once with what holds up the most.
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

    /// Notes that a request failed, if AWS denied it; says so in the log once.
    func note(_ error: AWSError, _ origin: Origin) {
        guard let scope = error.deniedScope else { return }
        let key = Key(origin: origin, scope: scope)
        let isNews = standings.withLock { $0[key, default: Standing()].denied(error.description, now: clock()) }
        guard isNews else { return }
        let metadata = Logger.Metadata.about(origin, [LogKey.reason: "\(error.description)"])
        switch scope {
        case .everything:
            logger.error(
                "AWS denies what the bridge asks for; the deliveries of this account and Region wait until it does not.",
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

    /// Notes that a try has ended.
    func ended(_ origin: Origin, _ scope: Scope = .everything) {
        standings.withLock { $0[Key(origin: origin, scope: scope)]?.ended() }
    }
}

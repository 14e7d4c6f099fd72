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

    private let standings = Mutex<[Origin: Standing]>([:])
    private let clock: @Sendable () -> Int64
    private let logger: Logger

    init(clock: @escaping @Sendable () -> Int64, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    /// Those that wait because AWS denies what is asked of it there, in order.
    var entries: [Entry] {
        standings.withLock { $0 }.compactMap { origin, standing in
            standing.denial.map { Entry(origin: origin, denial: $0) }
        }.sorted { $0.origin < $1.origin }
    }

    /// Those that nothing is to be fetched for now, and when that is over for the first of them.
    func waiting(now: Int64) -> (origins: Set<Origin>, until: Int64?) {
        let closed = standings.withLock { $0.filter { !$0.value.admitsAnything(now: now) } }
        return (Set(closed.keys), closed.values.compactMap(\.denial?.retryAt).filter { $0 > now }.min())
    }

    /// Asks what may be sent for an origin; `one` has to be followed by ``ended(_:)``.
    func admit(_ origin: Origin) -> Standing.Admission {
        standings.withLock { $0[origin, default: Standing()].admit(now: clock()) }
    }

    /// Notes that AWS denied a request; says so in the log once.
    func denied(_ origin: Origin, _ reason: String) {
        guard standings.withLock({ $0[origin, default: Standing()].denied(reason, now: clock()) }) else { return }
        logger.error(
            "AWS denies what the bridge asks for; the deliveries of this account and Region wait until it does not.",
            metadata: .about(origin, [LogKey.reason: "\(reason)"]))
    }

    /// Notes that AWS took a request; says so in the log if it had denied some before.
    func worked(_ origin: Origin) {
        guard let denial = standings.withLock({ $0[origin]?.worked() }) else { return }
        logger.notice(
            "AWS takes the bridge's requests again.",
            metadata: .about(origin, ["after": "\(max(clock() - denial.since, 0) / 1000) s"]))
    }

    /// Notes that a try has ended.
    func ended(_ origin: Origin) { standings.withLock { $0[origin]?.ended() } }
}

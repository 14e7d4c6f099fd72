package import AWSClient
package import AWSCore
import Encoding
package import Logging
import Synchronization
import Telemetry

/// The circuit breakers of all accounts and Regions, for the workers, the log and the status page.
package final class CircuitBreakers: Sendable {
    /// A suspended account and Region.
    package struct Entry: Sendable {
        /// The suspended account and Region.
        package let accountRegion: AccountRegion
        /// Why it is suspended, and until when.
        package let denial: CircuitBreaker.Denial
    }

    /// What a denial suspends.
    package enum Scope: Sendable, Hashable {
        /// All processing for the account and Region.
        case all
        /// Only audits, which need AWS IoT. Alarms do not.
        case audits
    }

    private struct Key: Hashable {
        let accountRegion: AccountRegion
        let scope: Scope
    }

    private let circuitBreakers = Mutex<[Key: CircuitBreaker]>([:])
    private let clock: @Sendable () -> Duration
    private let logger: Logger

    /// Creates closed circuit breakers.
    ///
    /// - Parameter clock: returns a monotonic time.
    package init(clock: @escaping @Sendable () -> Duration, logger: Logger) {
        self.clock = clock
        self.logger = logger
    }

    /// The suspended accounts and Regions, sorted, each with its widest suspension.
    package var entries: [Entry] {
        let all = circuitBreakers.withLock { $0 }
        return Set(all.keys.map(\.accountRegion)).sorted().compactMap { accountRegion in
            let denial = [Scope.all, .audits].lazy.compactMap {
                all[Key(accountRegion: accountRegion, scope: $0)]?.denial
            }
            .first
            return denial.map { Entry(accountRegion: accountRegion, denial: $0) }
        }
    }

    /// The denial that suspends a scope of an account and Region; nil if it is not suspended.
    package func denial(_ accountRegion: AccountRegion, _ scope: Scope) -> CircuitBreaker.Denial? {
        circuitBreakers.withLock { $0[Key(accountRegion: accountRegion, scope: scope)]?.denial }
    }

    /// How long until a probe is allowed for a suspended scope; nil if it is not suspended.
    func timeUntilProbe(_ accountRegion: AccountRegion, _ scope: Scope) -> Duration? {
        denial(accountRegion, scope).map { $0.retryAt - clock() }
    }

    /// The accounts and Regions for which no deliveries are leased now, and how long until a probe of one of them is
    /// allowed.
    func suspended() -> (accountRegions: Set<AccountRegion>, probeAfter: Duration?) {
        let now = clock()
        let open = circuitBreakers.withLock {
            $0.filter { $0.key.scope == .all && !$0.value.allowsRequests(now: now) }
        }
        let probeAt = open.values.compactMap(\.denial?.retryAt).filter { $0 > now }.min()
        return (Set(open.keys.map(\.accountRegion)), probeAt.map { $0 - now })
    }

    /// Returns which requests are allowed. The caller ends a probe (`halfOpen`) with ``endProbe(_:_:)``.
    func allow(_ accountRegion: AccountRegion, _ scope: Scope = .all) -> CircuitBreaker.State {
        circuitBreakers.withLock {
            $0[Key(accountRegion: accountRegion, scope: scope), default: CircuitBreaker()].allow(now: clock())
        }
    }

    /// Suspends an account and Region if a failed request requires it, and logs the first failure.
    package func recordFailure(_ error: AWSError, _ accountRegion: AccountRegion) {
        guard let scope = error.suspendedScope else { return }
        let key = Key(accountRegion: accountRegion, scope: scope)
        let cause = CircuitBreaker.Cause(error)
        let isNews = circuitBreakers.withLock {
            $0[key, default: CircuitBreaker()].recordDenial(error.description, cause, now: clock())
        }
        guard isNews else { return }
        logger.log(
            cause.event(suspending: scope),
            .about(accountRegion, [.code: .string(cause.rawValue), .reason: .string(error.description)]))
    }

    /// Records that AWS accepted a request, and logs the end of a suspension.
    package func recordSuccess(_ accountRegion: AccountRegion, _ scope: Scope = .all) {
        let ended = circuitBreakers.withLock { $0[Key(accountRegion: accountRegion, scope: scope)]?.recordSuccess() }
        guard let denial = ended else { return }
        logger.log(
            .awsRecovered,
            .about(accountRegion, [.after: "\(max(clock() - denial.since, .zero).components.seconds) s"]))
    }

    /// Records that AWS accepted the signature of a request of any service: the credentials are usable.
    func recordValidCredentials(_ accountRegion: AccountRegion) {
        guard denial(accountRegion, .all)?.cause == .noCredentials else { return }
        recordSuccess(accountRegion)
    }

    /// Records that a probe has ended.
    func endProbe(_ accountRegion: AccountRegion, _ scope: Scope = .all) {
        circuitBreakers.withLock { $0[Key(accountRegion: accountRegion, scope: scope)]?.endProbe() }
    }
}

extension CircuitBreaker.Cause {
    /// The log event of a suspension.
    fileprivate func event(suspending scope: CircuitBreakers.Scope) -> Telemetry.LogEvent {
        switch (scope, self) {
        case (.all, .accessDenied): .accessDenied
        case (.all, .notEnabled): .securityHubNotEnabled
        case (.all, .noCredentials): .noCredentials
        case (.all, .unreachable): .awsUnreachable
        case (.audits, .unreachable): .auditsUnreachable
        case (.audits, _): .auditAccessDenied
        }
    }
}

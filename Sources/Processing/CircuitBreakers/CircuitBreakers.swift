package import AWSClient
import Encoding
package import Logging
package import Store
import Synchronization
import Telemetry

/// The circuit breakers of all lanes, for the workers, the log and the status page. A denial in one lane suspends no other.
package final class CircuitBreakers: Sendable {
    /// A suspended lane.
    package struct Entry: Sendable {
        /// The suspended lane.
        package let lane: DeliveryLane
        /// Why it is suspended, and until when.
        package let denial: CircuitBreaker.Denial
    }

    /// What a denial suspends.
    package enum Scope: Sendable, Hashable {
        /// All processing of the lane.
        case all
        /// Only audits, which need AWS IoT. Alarms do not.
        case audits
    }

    private struct Key: Hashable {
        let lane: DeliveryLane
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

    /// The suspended lanes, sorted, each with its widest suspension.
    package var entries: [Entry] {
        let all = circuitBreakers.withLock { $0 }
        return Set(all.keys.map(\.lane)).sorted().compactMap { lane in
            let denial = [Scope.all, .audits].lazy.compactMap {
                all[Key(lane: lane, scope: $0)]?.denial
            }
            .first
            return denial.map { Entry(lane: lane, denial: $0) }
        }
    }

    /// The denial that suspends a scope of a lane; nil if it is not suspended.
    package func denial(_ lane: DeliveryLane, _ scope: Scope) -> CircuitBreaker.Denial? {
        circuitBreakers.withLock { $0[Key(lane: lane, scope: scope)]?.denial }
    }

    /// How long until a probe is allowed for a suspended scope; nil if it is not suspended.
    func timeUntilProbe(_ lane: DeliveryLane, _ scope: Scope) -> Duration? {
        denial(lane, scope).map { $0.retryAt - clock() }
    }

    /// The lanes of which no deliveries are leased now, and how long until a probe of one of them is
    /// allowed.
    func suspended() -> (lanes: Set<DeliveryLane>, probeAfter: Duration?) {
        let now = clock()
        let open = circuitBreakers.withLock {
            $0.filter { $0.key.scope == .all && !$0.value.allowsRequests(now: now) }
        }
        let probeAt = open.values.compactMap(\.denial?.retryAt).filter { $0 > now }.min()
        return (Set(open.keys.map(\.lane)), probeAt.map { $0 - now })
    }

    /// Returns which requests are allowed. The caller ends a probe (`halfOpen`) with ``endProbe(_:_:)``.
    func allow(_ lane: DeliveryLane, _ scope: Scope = .all) -> CircuitBreaker.State {
        circuitBreakers.withLock {
            $0[Key(lane: lane, scope: scope), default: CircuitBreaker()].allow(now: clock())
        }
    }

    /// Suspends a lane if a failed request requires it, and logs the first failure.
    package func recordFailure(_ error: AWSError, _ lane: DeliveryLane) {
        guard let scope = error.suspendedScope else { return }
        let key = Key(lane: lane, scope: scope)
        let cause = CircuitBreaker.Cause(error)
        let isNews = circuitBreakers.withLock {
            $0[key, default: CircuitBreaker()].recordDenial(error.description, cause, now: clock())
        }
        guard isNews else { return }
        logger.log(
            cause.event(suspending: scope),
            .about(lane, [.code: .string(cause.rawValue), .reason: .string(error.description)]))
    }

    /// Records that AWS accepted a request, and logs the end of a suspension.
    package func recordSuccess(_ lane: DeliveryLane, _ scope: Scope = .all) {
        let ended = circuitBreakers.withLock { $0[Key(lane: lane, scope: scope)]?.recordSuccess() }
        guard let denial = ended else { return }
        logger.log(
            .awsRecovered,
            .about(lane, [.after: "\(max(clock() - denial.since, .zero).components.seconds) s"]))
    }

    /// Records that AWS accepted the signature of a request of any service: the credentials are usable.
    func recordValidCredentials(_ lane: DeliveryLane) {
        guard denial(lane, .all)?.cause == .noCredentials else { return }
        recordSuccess(lane)
    }

    /// Records that a probe has ended.
    func endProbe(_ lane: DeliveryLane, _ scope: Scope = .all) {
        circuitBreakers.withLock { $0[Key(lane: lane, scope: scope)]?.endProbe() }
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

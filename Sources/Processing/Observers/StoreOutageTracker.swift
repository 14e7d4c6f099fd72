import Encoding
package import EventLoop
package import Logging
import ServiceLifecycle
import Store
import Synchronization
import Telemetry

/// State of a store outage, and when to report it: at its start, each minute, and at its end, however many operations fail. A pure
/// value; times are of a monotonic clock.
struct OutageRecord: Sendable {
    /// A report on the outage.
    enum Report: Sendable, Hashable {
        case began(reason: String)
        case continues(reason: String, failures: Int, duration: Duration)
        case ended(failures: Int, duration: Duration)
    }

    /// Time between two reports during an outage.
    private static let interval = Duration.seconds(60)
    /// Time without a failure after which the outage is over: small writes may succeed while large ones still fail. It doubles with
    /// each relapse, so that an intermittent failure counts as one outage.
    private static let (quietPeriod, longestQuietPeriod) = (Duration.seconds(3), Duration.seconds(60))

    private var beganAt: Duration?
    private var lastReportedAt = Duration.zero
    private var lastFailedAt = Duration.zero
    private var failures = 0
    private var quietPeriod = Self.quietPeriod
    private var endedAt: Duration?

    /// Whether there is an outage.
    var isOut: Bool { beganAt != nil }

    /// Records a failure. Returns a report if one is due.
    mutating func failed(_ reason: String, now: Duration) -> Report? {
        lastFailedAt = now
        failures += 1
        guard let beganAt else {
            let isRelapse = endedAt.map { now - $0 < Self.longestQuietPeriod } ?? false
            quietPeriod = isRelapse ? min(quietPeriod * 2, Self.longestQuietPeriod) : Self.quietPeriod
            (self.beganAt, lastReportedAt, failures) = (now, now, 1)
            return .began(reason: reason)
        }
        guard now - lastReportedAt >= Self.interval else { return nil }
        lastReportedAt = now
        return .continues(reason: reason, failures: failures, duration: now - beganAt)
    }

    /// Records a success. Returns a report if the outage is over.
    mutating func succeeded(now: Duration) -> Report? {
        guard let beganAt, now - lastFailedAt >= quietPeriod else { return nil }
        (self.beganAt, endedAt) = (nil, now)
        return .ended(failures: failures, duration: now - beganAt)
    }
}

/// Tracks outages of the store and logs them in few lines.
package final class StoreOutageTracker: Sendable {
    /// Use of the store. One use may fail while the other works: they have different connections and tables.
    package enum Use: Sendable, CaseIterable {
        /// Storing incoming deliveries.
        case intake
        /// Processing deliveries.
        case work
    }

    private let records = Mutex<[Use: OutageRecord]>([:])
    private let logger: Logger
    private let clock: @Sendable () -> Duration

    /// Creates a tracker without an outage.
    ///
    /// - Parameter clock: returns a monotonic time.
    package init(logger: Logger, clock: @escaping @Sendable () -> Duration) {
        self.logger = logger
        self.clock = clock
    }

    /// Whether there is an outage for any use.
    package var isOut: Bool { Use.allCases.contains { isOut($0) } }

    /// Whether there is an outage for a use.
    package func isOut(_ use: Use) -> Bool { records.withLock { $0[use]?.isOut ?? false } }

    /// Records a failed operation.
    package func failed(_ reason: String, to use: Use = .intake) {
        log(records.withLock { $0[use, default: OutageRecord()].failed(reason, now: clock()) }, use)
    }

    /// Records a successful operation.
    func succeeded(in use: Use = .intake) { log(records.withLock { $0[use]?.succeeded(now: clock()) }, use) }

    private func log(_ report: OutageRecord.Report?, _ use: Use) {
        switch report {
        case .began(let reason):
            logger.log(
                use == .intake ? .storeUnavailable : .storeUnavailableToWorkers, [.reason: .string(reason)])
        case .continues(let reason, let failures, let time):
            logger.log(
                use == .intake ? .storeStillUnavailable : .storeStillUnavailableToWorkers,
                [
                    .reason: .string(reason), .failures: .integer(failures), .duration: .string(AgeText.text(time)),
                ])
        case .ended(let failures, let time):
            logger.log(
                use == .intake ? .storeAvailable : .storeAvailableToWorkers,
                [.failures: .integer(failures), .duration: .string(AgeText.text(time))])
        case nil: return
        }
    }
}

/// Probes the store each second during an outage.
package struct StoreProbe: Service {
    private let readiness: Readiness
    private let outage: StoreOutageTracker
    private let loop: EventLoop

    /// Probes the store until shutdown.
    package func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await loop.sleep(for: .seconds(1))) != nil {
                // An outage seen by the workers may affect intake too, for example when the file is gone.
                guard outage.isOut else { continue }
                do throws(StoreError) {
                    try await readiness.check()
                    outage.succeeded(in: .intake)
                } catch {
                    outage.failed(error.message, to: .intake)
                }
            }
        }
    }

    /// Creates the service.
    package init(readiness: Readiness, outage: StoreOutageTracker, loop: EventLoop) {
        self.readiness = readiness
        self.outage = outage
        self.loop = loop
    }
}

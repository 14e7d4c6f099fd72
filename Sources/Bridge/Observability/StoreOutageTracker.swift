import AWSCore
import EventLoop
import Logging
import ServiceLifecycle
import Store
import Synchronization

/// What is said of a store that is out of order: that it began, each minute that it goes on, and that it has ended,
/// however many fail meanwhile. A pure value; times are milliseconds of a monotonic clock.
struct OutageRecord: Sendable {
    /// What is to be said now.
    enum Report: Sendable, Hashable {
        case began(reason: String)
        case continues(reason: String, failures: Int, milliseconds: Int64)
        case ended(failures: Int, milliseconds: Int64)
    }

    /// How often an outage that goes on is told of.
    private static let interval: Int64 = 60_000
    /// How long nothing may fail before the outage counts as over: small writes succeed while large ones still fail. It
    /// doubles each time that an outage comes back soon, so that one that comes and goes is one.
    private static let (quietPeriod, longestQuietPeriod) = (Int64(3_000), Int64(60_000))

    private var beganAt: Int64?
    private var lastReportedAt: Int64 = 0
    private var lastFailedAt: Int64 = 0
    private var failures = 0
    private var quietPeriod = Self.quietPeriod
    private var endedAt: Int64?

    /// Whether the store is out of order, as far as is known.
    var isOut: Bool { beganAt != nil }

    /// Something failed.
    mutating func failed(_ reason: String, now: Int64) -> Report? {
        lastFailedAt = now
        failures += 1
        guard let beganAt else {
            let isRelapse = endedAt.map { now.saturatingSubtracting($0) < Self.longestQuietPeriod } ?? false
            quietPeriod = isRelapse ? min(quietPeriod * 2, Self.longestQuietPeriod) : Self.quietPeriod
            (self.beganAt, lastReportedAt, failures) = (now, now, 1)
            return .began(reason: reason)
        }
        guard now.saturatingSubtracting(lastReportedAt) >= Self.interval else { return nil }
        lastReportedAt = now
        return .continues(reason: reason, failures: failures, milliseconds: now.saturatingSubtracting(beganAt))
    }

    /// A write succeeded.
    mutating func succeeded(now: Int64) -> Report? {
        guard let beganAt, now.saturatingSubtracting(lastFailedAt) >= quietPeriod else { return nil }
        (self.beganAt, endedAt) = (nil, now)
        return .ended(failures: failures, milliseconds: now.saturatingSubtracting(beganAt))
    }
}

/// Tells the operator when the store is out of order, in few lines.
final class StoreOutageTracker: Sendable {
    /// What the store is needed for. One may be out of order while the other is not: they use other connections and tables.
    enum Use: Sendable, CaseIterable {
        /// Deliveries that come in.
        case intake
        /// The work on deliveries.
        case work
    }

    private let records = Mutex<[Use: OutageRecord]>([:])
    private let logger: Logger
    private let clock: @Sendable () -> Int64

    init(logger: Logger, clock: @escaping @Sendable () -> Int64) {
        self.logger = logger
        self.clock = clock
    }

    /// Whether the store is out of order for anything, as far as is known.
    var isOut: Bool { Use.allCases.contains { isOut($0) } }

    /// Whether the store is out of order for a use, as far as is known.
    func isOut(_ use: Use) -> Bool { records.withLock { $0[use]?.isOut ?? false } }

    /// Something that the store was asked for failed.
    func failed(_ reason: String, to use: Use = .intake) {
        log(records.withLock { $0[use, default: OutageRecord()].failed(reason, now: clock()) }, use)
    }

    /// Something of the same use succeeded.
    func succeeded(in use: Use = .intake) { log(records.withLock { $0[use]?.succeeded(now: clock()) }, use) }

    private func log(_ report: OutageRecord.Report?, _ use: Use) {
        switch report {
        case .began(let reason):
            let line: Logger.Message =
                use == .intake
                ? "The store cannot be used; senders are asked to come again."
                : "The store is unavailable to the workers; deliveries are accepted and wait."
            logger.error(line, metadata: ["reason": "\(reason)"])
        case .continues(let reason, let failures, let time):
            let line: Logger.Message =
                use == .intake ? "The store still cannot be used." : "The store is still unavailable to the workers."
            logger.error(
                line, metadata: ["reason": "\(reason)", "failures": "\(failures)", "for": "\(AgeText.text(time))"])
        case .ended(let failures, let time):
            let line: Logger.Message =
                use == .intake ? "The store can be used again." : "The store is available to the workers again."
            logger.notice(line, metadata: ["failures": "\(failures)", "for": "\(AgeText.text(time))"])
        case nil: return
        }
    }
}

/// Tries each second, while the store is out of order, whether it takes deliveries again.
struct StoreProbe: Service {
    let readiness: Readiness
    let outage: StoreOutageTracker
    let loop: EventLoop

    func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await loop.sleep(for: .seconds(1))) != nil {
                // What the workers find out of order may be so for deliveries, too: its file may have gone.
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
}

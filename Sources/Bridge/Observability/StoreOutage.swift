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
    enum Words: Sendable, Hashable {
        case began(reason: String)
        case goesOn(reason: String, failures: Int, milliseconds: Int64)
        case ended(failures: Int, milliseconds: Int64)
    }

    /// How often an outage that goes on is told of.
    private static let interval: Int64 = 60_000
    /// How long nothing may fail before the outage counts as over: small writes succeed while large ones still fail.
    private static let calm: Int64 = 3_000

    private var beganAt: Int64?
    private var lastSaidAt: Int64 = 0
    private var lastFailedAt: Int64 = 0
    private var failures = 0

    /// Whether the store is out of order, as far as is known.
    var isOut: Bool { beganAt != nil }

    /// Something failed.
    mutating func failed(_ reason: String, now: Int64) -> Words? {
        lastFailedAt = now
        failures += 1
        guard let beganAt else {
            (self.beganAt, lastSaidAt, failures) = (now, now, 1)
            return .began(reason: reason)
        }
        guard now.saturatingSubtracting(lastSaidAt) >= Self.interval else { return nil }
        lastSaidAt = now
        return .goesOn(reason: reason, failures: failures, milliseconds: now.saturatingSubtracting(beganAt))
    }

    /// A write succeeded.
    mutating func succeeded(now: Int64) -> Words? {
        guard let beganAt, now.saturatingSubtracting(lastFailedAt) >= Self.calm else { return nil }
        defer { self = OutageRecord() }
        return .ended(failures: failures, milliseconds: now.saturatingSubtracting(beganAt))
    }
}

/// Tells the operator when the store is out of order, in few lines.
final class StoreOutage: Sendable {
    private let record = Mutex(OutageRecord())
    private let logger: Logger
    private let clock: @Sendable () -> Int64

    init(logger: Logger, clock: @escaping @Sendable () -> Int64) {
        self.logger = logger
        self.clock = clock
    }

    /// Whether the store is out of order, as far as is known.
    var isOut: Bool { record.withLock(\.isOut) }

    /// Something that the store was asked for failed.
    func failed(_ reason: String) { say(record.withLock { $0.failed(reason, now: clock()) }) }

    /// A write succeeded.
    func succeeded() { say(record.withLock { $0.succeeded(now: clock()) }) }

    private func say(_ words: OutageRecord.Words?) {
        switch words {
        case .began(let reason):
            logger.error(
                "The store cannot be used; senders are asked to come again.", metadata: ["reason": "\(reason)"])
        case .goesOn(let reason, let failures, let time):
            logger.error(
                "The store still cannot be used.",
                metadata: ["reason": "\(reason)", "failures": "\(failures)", "for": "\(AgeText.text(time))"])
        case .ended(let failures, let time):
            logger.notice(
                "The store can be used again.", metadata: ["failures": "\(failures)", "for": "\(AgeText.text(time))"])
        case nil: return
        }
    }
}

/// Tries each second, while the store is out of order, whether it takes writes again.
struct StoreWatch: Service {
    let store: any Store
    let outage: StoreOutage
    let loop: EventLoop

    func run() async {
        await cancelWhenGracefulShutdown {
            while (try? await loop.sleep(for: .seconds(1))) != nil {
                guard outage.isOut else { continue }
                do throws(StoreError) {
                    try await store.checkWritable()
                    outage.succeeded()
                } catch {
                    outage.failed(error.message)
                }
            }
        }
    }
}

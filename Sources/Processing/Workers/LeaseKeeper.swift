import AWSClient
import Encoding
import Logging
import Store
import Telemetry

/// Holds the leases of the deliveries in the lanes, and extends them until the deliveries are processed.
actor LeaseKeeper {
    private let queue: any DeliveryQueue
    private let unstored: UnstoredOutcomes
    private let clock: AWSClock
    private let logger: Logger
    /// The leases by lane and delivery id.
    private var held: [DeliveryLane: [String: Lease]] = [:]
    /// The clock and the monotonic time of the last poll of the store.
    private var lastPoll: (now: Timestamp, elapsed: Duration)?
    /// Notified when a lane may accept deliveries again.
    nonisolated let capacity = WorkSignal()

    /// The number of deliveries of one lane in progress at which no more are leased for it. Each has its own limit, so
    /// that a slow or failing Security Hub, or a source with many items, does not delay the others.
    static let limit = 500
    private static let extensionInterval = Duration.seconds(20)

    /// - Parameter unstored: holds leases that cannot be released yet.
    init(queue: any DeliveryQueue, unstored: UnstoredOutcomes, clock: AWSClock, logger: Logger) {
        self.queue = queue
        self.unstored = unstored
        self.clock = clock
        self.logger = logger
    }

    /// Whether no lease is held.
    var isEmpty: Bool { held.isEmpty }

    /// The lanes of which no more deliveries are leased.
    var full: Set<DeliveryLane> { Set(held.filter { $0.value.count >= Self.limit }.keys) }

    /// Adds the leases of deliveries that are about to be processed.
    func hold(_ leases: [Lease], of lane: DeliveryLane) {
        for lease in leases { held[lane, default: [:]][lease.deliveryID] = lease }
    }

    /// Removes the leases of processed deliveries.
    func discard(_ leases: [Lease], of lane: DeliveryLane) {
        var rest = held[lane, default: [:]]
        let wasFull = rest.count >= Self.limit
        // A delivery whose lease expired may be here again, under a valid lease.
        for lease in leases where rest[lease.deliveryID] == lease { rest[lease.deliveryID] = nil }
        held[lane] = rest.isEmpty ? nil : rest
        if wasFull, rest.count < Self.limit { capacity.notify() }
    }

    /// Releases the leases of deliveries that are not processed.
    func release(_ leases: [Lease], of lane: DeliveryLane) async {
        discard(leases, of: lane)
        // Until the leases expire, their deliveries would wait although the store may be available again.
        if let error = await unstored.release(leases, to: queue) {
            logger.log(.leasesNotReleased, [.reason: "\(error)"])
        }
    }

    /// Releases the leases that could not be released before. A failure of the store is retried with the next call.
    func releaseUnstored() async { try? await unstored.release(to: queue) }

    // MARK: Extension

    /// Extends the leases at regular intervals until the task is canceled.
    func extendRegularly() async {
        while (try? await clock.sleep(Self.extensionInterval)) != nil { await extend() }
    }

    /// Extends the leases if the clock was set forward since the last call. Otherwise this process would consider its
    /// own leases expired.
    func extendAfterClockJump() async {
        let (now, elapsed) = (clock.now(), clock.elapsed())
        let last = lastPoll ?? (now, elapsed)
        lastPoll = (now, elapsed)
        let jump = now - (last.now + (elapsed - last.elapsed))
        if jump >= Self.extensionInterval { await extend() }
    }

    private func extend() async {
        let leases = held.values.flatMap(\.values)
        do throws(StoreError) {
            let extended = try await queue.extend(leases, for: DeliveryCompleter.leaseDuration, now: clock.now())
            for (lease, new) in zip(leases, extended) where new == nil { notExtended(lease, .leaseLost(lease)) }
        } catch {
            for lease in leases { notExtended(lease, error) }
        }
    }

    private func notExtended(_ lease: Lease, _ error: StoreError) {
        // A lost or completed lease is also rejected when its outcome is stored.
        logger.log(.leaseNotExtended, [.delivery: .string(lease.deliveryID), .reason: "\(error)"])
    }
}

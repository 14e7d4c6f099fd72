import CoreMetrics
import Logging
import Metrics
import Store

/// What all lanes share: how changes are made, and how the work on a delivery ends.
struct LaneContext: Sendable {
    let store: any Store
    let clock: @Sendable () -> Int64
    let chance: @Sendable () -> Double
    let metrics: BridgeMetrics
    let logger: Logger

    // MARK: Changes

    /// Sends what is to be sent of some changes; tells what became of each finding sent, by its id.
    func apply(_ changes: [Change], by sender: FindingSender) async -> [String: SendOutcome] {
        await sender.send(changes.compactMap(\.finding))
    }

    /// Puts the changes that Security Hub has into the ledger, and counts them.
    func record(
        _ changes: [Change], _ outcomes: [String: SendOutcome], under lease: Lease
    ) async throws(StoreError) {
        let done = changes.filter { $0.finding == nil || outcomes[$0.entry.id] == .imported }
        guard !done.isEmpty else { return }
        try await store.record(done.map(\.entry), under: lease)
        metrics.count(done)
    }

    // MARK: Deliveries

    /// Ends the work on a delivery: it is done, put off, given up, or given back because the bridge stops.
    func finish(_ leased: LeasedDelivery, _ outcome: SendOutcome) async {
        do throws(StoreError) {
            switch outcome {
            case .imported:
                try await store.complete(leased.lease, recording: [], now: clock())
                metrics.completed(leased.delivery, now: clock())
                logger.debug("A delivery is done.", metadata: metadata(leased))
            case .refused(let reason):
                try await giveUp(leased, reason)
            case .failed where Task.isCancelled:
                try await store.release([leased.lease])
            case .failed(let reason) where leased.attempt >= Backoff.maximumAttempts:
                try await giveUp(leased, "given up after \(leased.attempt) attempts: \(reason)")
            case .failed(let reason):
                let delay = Backoff.delay(afterAttempt: leased.attempt, chance: chance())
                let now = clock()
                try await store.retry(leased.lease, at: now + delay.milliseconds, reason: reason, now: now)
                metrics.retries.increment()
                logger.warning(
                    "A delivery failed and will be tried again.",
                    metadata: metadata(leased, ["reason": "\(reason)", "retryIn": "\(delay)"]))
            }
        } catch  where error.code == .leaseLost {
            logger.warning("A delivery was leased anew meanwhile, and is worked on again.", metadata: metadata(leased))
        } catch {
            // The lease ends by itself, and the delivery is worked on again.
            logger.error(
                "The outcome of a delivery could not be stored.", metadata: metadata(leased, ["reason": "\(error)"]))
        }
    }

    private func giveUp(_ leased: LeasedDelivery, _ reason: String) async throws(StoreError) {
        try await store.deadLetter(leased.lease, reason: reason, now: clock())
        metrics.deadLetters.increment()
        logger.error(
            "A delivery was given up and is kept as a dead letter.", metadata: metadata(leased, ["reason": "\(reason)"])
        )
    }

    private func metadata(_ leased: LeasedDelivery, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        let own: Logger.Metadata = [
            "delivery": "\(leased.delivery.id)", "origin": "\(leased.delivery.origin)", "attempt": "\(leased.attempt)",
        ]
        return own.merging(more) { own, _ in own }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}

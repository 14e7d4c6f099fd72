package import AWSClient
import AWSCore
import CoreMetrics
package import JSON
import Metrics
package import Planning
import SecurityFindings
package import Store

/// The outcomes of updates of findings.
package struct UpdateOutcomes: Sendable {
    /// By finding id.
    package var outcomes: [String: SendOutcome] = [:]
    /// The ids of findings that Security Hub does not have.
    package var missing: Set<String> = []
}

/// Sends the findings of one lane to Security Hub: in full batches, several concurrently, within AWS's
/// rate limits.
package struct FindingSender: Sendable {
    /// The lane of the findings.
    let lane: DeliveryLane
    private let client: AWSClient
    private let metrics: ProcessingMetrics
    private let circuitBreakers: CircuitBreakers
    private let leases: any LeaseHolder

    /// The most concurrent batches: those of two full pages of an audit. At ten batches a second of some hundred
    /// milliseconds each, enough to use the rate limit.
    private static let concurrency = 5

    /// Creates a sender.
    ///
    /// - Parameter leases: tells whether this process may still act on what it leased.
    package init(
        lane: DeliveryLane, client: AWSClient, metrics: ProcessingMetrics, circuitBreakers: CircuitBreakers,
        leases: any LeaseHolder
    ) {
        self.leases = leases
        self.circuitBreakers = circuitBreakers
        self.lane = lane
        self.client = client
        self.metrics = metrics
    }

    /// Imports findings.
    ///
    /// - Parameter findings: no two with the same id, and none that is being sent concurrently.
    /// - Returns: the outcomes by finding id.
    package func send(_ findings: [FindingText]) async -> [String: SendOutcome] {
        let split = FindingBatches(findings)
        var outcomes = Self.all(
            split.oversized, .rejected("the finding exceeds \(FindingBatches.maximumFindingBytes) bytes"))
        await withTaskGroup(of: [String: SendOutcome].self) { group in
            for (index, batch) in split.batches.enumerated() {
                if index >= Self.concurrency, let finished = await group.next() {
                    outcomes.merge(finished) { _, last in last }
                }
                group.addTask { await self.send(batch) }
            }
            for await finished in group { outcomes.merge(finished) { _, last in last } }
        }
        return outcomes
    }

    private static let interruption = SendOutcome.interrupted("the replica's heartbeat is overdue")

    private func send(_ batch: FindingBatch) async -> [String: SendOutcome] {
        guard leases.canProcess else { return Self.all(batch.findings, Self.interruption) }
        do throws(AWSError) {
            let result = try await client.batchImportFindings(batch, region: lane.accountRegion.region)
            metrics.importBatch.record(batch.findings.count)
            circuitBreakers.recordSuccess(lane)
            return Self.outcomes(of: batch, failures: result.failures)
        } catch {
            record(error)
            guard error.mayBeCausedByOneFinding, batch.findings.count > 1 else {
                return Self.all(batch.findings, SendOutcome(error))
            }
            return await sendHalves(of: batch)
        }
    }

    /// Records a failed request. A request that AWS rejected as invalid was signed and authorized.
    private func record(_ error: AWSError) {
        circuitBreakers.recordFailure(error, lane)
        if error.consequence == .reject, error.stage == .response { circuitBreakers.recordSuccess(lane) }
    }

    /// Sends a batch in two halves. AWS rejects a whole batch for one invalid finding, and a proxy for one that is too
    /// long: splitting isolates that finding, and the others are imported.
    private func sendHalves(of batch: FindingBatch) async -> [String: SendOutcome] {
        let middle = batch.findings.count / 2
        let first = await send(Array(batch.findings[..<middle]))
        let second = await send(Array(batch.findings[middle...]))
        return first.merging(second) { _, last in last }
    }

    private static func outcomes(of batch: FindingBatch, failures: [FindingFailure]) -> [String: SendOutcome] {
        var outcomes = all(batch.findings, .imported)
        for failure in failures {
            let reason = "Security Hub did not import the finding: \(failure.code): \(failure.message)"
            outcomes[failure.id] = isFinal(failure.code) ? .rejected(reason) : .retryable(reason)
        }
        return outcomes
    }

    private static func all(_ findings: [FindingText], _ outcome: SendOutcome) -> [String: SendOutcome] {
        Dictionary(findings.map { ($0.id, outcome) }) { _, last in last }
    }

    /// Whether the code of a failed finding means that the finding itself is invalid. Any other code, known or not, is
    /// retried, so that no finding is lost.
    private static func isFinal(_ code: String) -> Bool {
        ["InvalidInput", "FindingSizeExceeded", "ValidationException"].contains { code.hasPrefix($0) }
    }

    /// Updates findings that Security Hub already has.
    ///
    /// - Parameter changes: the members of the request other than the findings' identifiers, by finding id.
    /// - Returns: the outcomes by finding id.
    package func update(_ changes: [String: JSON]) async -> UpdateOutcomes {
        var all = UpdateOutcomes()
        // Equal changes share requests.
        for (change, same) in Dictionary(grouping: changes, by: \.value) {
            let ids = same.map(\.key).sorted()
            for start in stride(from: 0, to: ids.count, by: Self.updateLimit) {
                let batch = Array(ids[start...].prefix(Self.updateLimit))
                let some = await update(batch, change)
                all.outcomes.merge(some.outcomes) { _, last in last }
                all.missing.formUnion(some.missing)
            }
        }
        return all
    }

    /// The most findings in one update request (BatchUpdateFindings).
    private static let updateLimit = 100

    private func update(_ ids: [String], _ changes: JSON) async -> UpdateOutcomes {
        func all(_ outcome: SendOutcome) -> UpdateOutcomes {
            UpdateOutcomes(outcomes: Dictionary(ids.map { ($0, outcome) }) { first, _ in first })
        }
        guard leases.canProcess else { return all(Self.interruption) }
        let product = SecurityFinding.productARN(accountRegion: lane.accountRegion)
        do throws(AWSError) {
            let result = try await client.batchUpdateFindings(
                ids.map { FindingIdentifier(id: $0, productARN: product) }, changes: changes,
                region: lane.accountRegion.region)
            metrics.updateBatch.record(ids.count)
            circuitBreakers.recordSuccess(lane)
            var outcomes = all(.imported)
            for failure in result.unprocessed {
                let reason = "Security Hub did not update the finding: \(failure.code): \(failure.message)"
                outcomes.outcomes[failure.id] = Self.isFinal(failure.code) ? .rejected(reason) : .retryable(reason)
                if failure.code.hasPrefix("FindingNotFound") { outcomes.missing.insert(failure.id) }
            }
            return outcomes
        } catch {
            record(error)
            guard error.mayBeCausedByOneFinding, ids.count > 1 else { return all(SendOutcome(error)) }
            let middle = ids.count / 2
            var outcomes = await update(Array(ids[..<middle]), changes)
            let rest = await update(Array(ids[middle...]), changes)
            outcomes.outcomes.merge(rest.outcomes) { _, last in last }
            outcomes.missing.formUnion(rest.missing)
            return outcomes
        }
    }
}

import AWSClient
import AWSCore
import CoreMetrics
import Metrics
import SecurityFindings

/// What became of updates of findings.
struct UpdateOutcomes: Sendable {
    /// By the findings' ids.
    var outcomes: [String: SendOutcome] = [:]
    /// The ids of findings that Security Hub does not have: not yet, or not any more.
    var missing: Set<String> = []
}

/// Sends findings to the Security Hub of one account and Region: in full batches, at the pace that AWS allows, several
/// at a time.
struct FindingSender: Sendable {
    private let accountRegion: AccountRegion
    private let client: AWSClient
    private let metrics: ProcessingMetrics
    private let circuitBreakers: CircuitBreakers
    private let canProcess: @Sendable () -> Bool

    /// How many batches are under way at once: those that two full pages of an audit make. At ten a second and some
    /// hundred milliseconds each, enough to keep the pace.
    private static let concurrency = 5

    /// - Parameter canProcess: whether this process may still act on what it leased; see ``Store/canProcess``.
    init(
        accountRegion: AccountRegion, client: AWSClient, metrics: ProcessingMetrics, circuitBreakers: CircuitBreakers,
        canProcess: @escaping @Sendable () -> Bool = { true }
    ) {
        self.canProcess = canProcess
        self.circuitBreakers = circuitBreakers
        self.accountRegion = accountRegion
        self.client = client
        self.metrics = metrics
    }

    /// Sends findings and tells what became of each, by its id.
    ///
    /// - Parameter findings: no two with the same id; nobody else may be sending one of these ids.
    func send(_ findings: [FindingText]) async -> [String: SendOutcome] {
        let split = FindingBatches(findings)
        var outcomes = Self.all(
            split.oversized, .rejected("the finding is longer than \(FindingBatches.maximumFindingBytes) bytes"))
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

    private static let interruption = SendOutcome.interrupted("the replica's sign of life is out of date")

    private func send(_ batch: FindingBatch) async -> [String: SendOutcome] {
        guard canProcess() else { return Self.all(batch.findings, Self.interruption) }
        do throws(AWSError) {
            let result = try await client.batchImportFindings(batch, region: accountRegion.region)
            metrics.importBatch.record(batch.findings.count)
            circuitBreakers.recordSuccess(accountRegion)
            return Self.outcomes(of: batch, failures: result.failures)
        } catch {
            note(error)
            guard error.mayBeCausedByOneFinding, batch.findings.count > 1 else {
                return Self.all(batch.findings, SendOutcome(error))
            }
            return await sendHalves(of: batch)
        }
    }

    /// Notes a failed request. One that AWS rejected as it is was signed and authorized.
    private func note(_ error: AWSError) {
        circuitBreakers.recordFailure(error, accountRegion)
        if error.consequence == .reject, error.stage == .response { circuitBreakers.recordSuccess(accountRegion) }
    }

    /// AWS refuses a whole batch for one finding that its model does not allow, a proxy one that is too long: halving
    /// finds that one, and lets the others through.
    private func sendHalves(of batch: FindingBatch) async -> [String: SendOutcome] {
        let middle = batch.findings.count / 2
        let first = await send(Array(batch.findings[..<middle]))
        let second = await send(Array(batch.findings[middle...]))
        return first.merging(second) { _, last in last }
    }

    private static func outcomes(of batch: FindingBatch, failures: [FindingFailure]) -> [String: SendOutcome] {
        var outcomes = all(batch.findings, .imported)
        for failure in failures {
            let words = "Security Hub did not import the finding: \(failure.code): \(failure.message)"
            outcomes[failure.id] = isFinal(failure.code) ? .rejected(words) : .retryable(words)
        }
        return outcomes
    }

    private static func all(_ findings: [FindingText], _ outcome: SendOutcome) -> [String: SendOutcome] {
        Dictionary(findings.map { ($0.id, outcome) }) { _, last in last }
    }

    /// Codes of single failures that speak against the finding itself. Any other, known or not, is tried again: what
    /// is put off is not lost.
    private static func isFinal(_ code: String) -> Bool {
        ["InvalidInput", "FindingSizeExceeded", "ValidationException"].contains { code.hasPrefix($0) }
    }

    /// Says what somebody found out about findings, and tells what became of each, by its id. Security Hub must have the
    /// findings already.
    ///
    /// - Parameter verifications: by the findings' ids.
    func update(_ verifications: [String: Verification]) async -> UpdateOutcomes {
        var all = UpdateOutcomes()
        // What is the same for many is said once.
        for (verification, same) in Dictionary(grouping: verifications, by: \.value) {
            let ids = same.map(\.key).sorted()
            for start in stride(from: 0, to: ids.count, by: Self.updateLimit) {
                let batch = Array(ids[start...].prefix(Self.updateLimit))
                let some = await update(batch, verification)
                all.outcomes.merge(some.outcomes) { _, last in last }
                all.missing.formUnion(some.missing)
            }
        }
        return all
    }

    /// The most findings in one request.
    private static let updateLimit = 100

    private func update(_ ids: [String], _ verification: Verification) async -> UpdateOutcomes {
        func all(_ outcome: SendOutcome) -> UpdateOutcomes {
            UpdateOutcomes(outcomes: Dictionary(ids.map { ($0, outcome) }) { first, _ in first })
        }
        guard canProcess() else { return all(Self.interruption) }
        let product = SecurityFinding.productARN(accountRegion: accountRegion)
        do throws(AWSError) {
            let result = try await client.batchUpdateFindings(
                ids.map { FindingIdentifier(id: $0, productARN: product) }, changes: verification.changes,
                region: accountRegion.region)
            metrics.updateBatch.record(ids.count)
            circuitBreakers.recordSuccess(accountRegion)
            var outcomes = all(.imported)
            for failure in result.unprocessed {
                let words = "Security Hub did not update the finding: \(failure.code): \(failure.message)"
                outcomes.outcomes[failure.id] = Self.isFinal(failure.code) ? .rejected(words) : .retryable(words)
                if failure.code.hasPrefix("FindingNotFound") { outcomes.missing.insert(failure.id) }
            }
            return outcomes
        } catch {
            note(error)
            guard error.mayBeCausedByOneFinding, ids.count > 1 else { return all(SendOutcome(error)) }
            let middle = ids.count / 2
            var outcomes = await update(Array(ids[..<middle]), verification)
            let rest = await update(Array(ids[middle...]), verification)
            outcomes.outcomes.merge(rest.outcomes) { _, last in last }
            outcomes.missing.formUnion(rest.missing)
            return outcomes
        }
    }
}

import AWSClient
import AWSCore
import CoreMetrics
import EventLoop
import JSON
import Metrics
import SecurityFindings

/// What became of a finding that was sent to Security Hub.
enum SendOutcome: Sendable {
    /// Security Hub has it.
    case imported
    /// Security Hub will never take it; in AWS's words.
    case refused(String)
    /// It may be taken later.
    case failed(String)
}

/// Sends findings to the Security Hub of one account and Region: in full batches, at the pace that AWS allows, several
/// at a time.
actor FindingSender {
    private let origin: Origin
    private let client: AWSClient
    private let loop: EventLoop
    private let metrics: BridgeMetrics
    private var bucket: TokenBucket
    private let start = ContinuousClock.now

    /// How many batches are under way at once: at ten a second and some hundred milliseconds each, enough to keep the
    /// pace.
    private static let concurrency = 4
    /// AWS's limit for one call.
    private static let batchSize = 100

    init(origin: Origin, client: AWSClient, loop: EventLoop, bucket: TokenBucket, metrics: BridgeMetrics) {
        self.origin = origin
        self.client = client
        self.loop = loop
        self.bucket = bucket
        self.metrics = metrics
    }

    /// Sends findings and tells what became of each, by its id.
    ///
    /// - Parameter findings: no two with the same id; nobody else may be sending one of these ids.
    func send(_ findings: [SecurityFinding]) async -> [String: SendOutcome] {
        let batches = stride(from: 0, to: findings.count, by: Self.batchSize).map { start in
            Array(findings[start..<min(start + Self.batchSize, findings.count)])
        }
        return await withTaskGroup(of: [String: SendOutcome].self) { group in
            var outcomes: [String: SendOutcome] = [:]
            for (index, batch) in batches.enumerated() {
                if index >= Self.concurrency, let finished = await group.next() {
                    outcomes.merge(finished) { _, last in last }
                }
                group.addTask { await self.send(batch: batch) }
            }
            for await finished in group { outcomes.merge(finished) { _, last in last } }
            return outcomes
        }
    }

    private func send(batch: [SecurityFinding]) async -> [String: SendOutcome] {
        do {
            try await keepPace()
            let result = try await client.batchImportFindings(batch.map(\.json), region: origin.region)
            metrics.importBatch.record(batch.count)
            return outcomes(of: batch, failures: result.failures)
        } catch let error as AWSError {
            if error.kind == .invalid, batch.count > 1 { return await sendHalves(of: batch) }
            let outcome: SendOutcome =
                error.kind == .invalid ? .refused(error.description) : .failed(error.description)
            return Dictionary(uniqueKeysWithValues: batch.map { ($0.id, outcome) })
        } catch {
            return Dictionary(uniqueKeysWithValues: batch.map { ($0.id, .failed("sending was interrupted")) })
        }
    }

    /// AWS refuses a whole batch for one finding that its model does not allow: halving finds that one, and lets the
    /// others through.
    private func sendHalves(of batch: [SecurityFinding]) async -> [String: SendOutcome] {
        let middle = batch.count / 2
        let first = await send(batch: Array(batch[..<middle]))
        let second = await send(batch: Array(batch[middle...]))
        return first.merging(second) { _, last in last }
    }

    private func outcomes(
        of batch: [SecurityFinding], failures: [BatchImportResult.Failure]
    ) -> [String: SendOutcome] {
        var outcomes = Dictionary(uniqueKeysWithValues: batch.map { ($0.id, SendOutcome.imported) })
        for failure in failures {
            let words = "Security Hub did not import the finding: \(failure.code): \(failure.message)"
            outcomes[failure.id] = Self.mayPass(failure.code) ? .failed(words) : .refused(words)
        }
        return outcomes
    }

    /// Codes of single failures that say nothing against the finding itself.
    private static func mayPass(_ code: String) -> Bool {
        ["InternalFailure", "InternalException", "ConcurrentUpdateError", "LimitExceededException", "Throttling"]
            .contains { code.hasPrefix($0) }
    }

    /// Says what somebody found out about a finding. Security Hub must have the finding already.
    func update(id: String, _ verification: Verification) async throws {
        try await keepPace()
        let identifier: JSON = [
            "Id": .string(id), "ProductArn": .string(SecurityFinding.productARN(origin: origin)),
        ]
        let unprocessed = try await client.batchUpdateFindings(
            [identifier], changes: verification.changes, region: origin.region)
        if let failure = unprocessed.first { throw UpdateFailure(code: failure.code, message: failure.message) }
    }

    private func keepPace() async throws {
        let wait = bucket.take(now: ContinuousClock.now - start)
        if wait > .zero { try await loop.sleep(for: wait) }
    }
}

/// Why Security Hub did not update a finding.
struct UpdateFailure: Error, CustomStringConvertible {
    let code: String
    let message: String

    /// Both, in AWS's words.
    var description: String { "Security Hub did not update the finding: \(code): \(message)" }
}

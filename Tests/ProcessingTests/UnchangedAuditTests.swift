import Encoding
import Fixtures
import JSON
import SQLiteStore
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing

/// What an audit reports unchanged is recognized by its digest, and the row of the finding is not written.
@Suite(.timeLimit(.minutes(15))) struct UnchangedAuditTests {
    private let clients = (0..<600).map { "c\($0)" }

    private func imports(_ harness: ProcessingHarness) -> Int {
        harness.aws.state.withLock { $0.imports.joined().count }
    }

    @Test("An equal audit writes no row, and confirms all findings")
    func equal() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, clients)
            let store = harness.store
            let id = try auditObservation("c7").finding.id
            let before = try #require(try await store.ledgerEntries(ids: [id])[id])
            #expect(before.digest?.count == 32 && before.eventTime == now)
            try await harness.audit("t2", at: now + 1000, clients)
            #expect(imports(harness) == 600)
            let after = try #require(try await store.ledgerEntries(ids: [id])[id])
            #expect(after.finding == before.finding && after.updatedAt == before.updatedAt)
            // The row has the time of the first audit; the second one confirms it.
            #expect(after.eventTime == now + 1000)
            let open = try await store.openPositions(
                of: accountRegion(), kind: .audit, group: Messages.clientIDs, before: now + 1, after: nil, limit: 1000)
            #expect(open.count == 600)
            // An older audit that arrives late changes nothing.
            try await harness.audit("t0", at: now + 500, Array(clients.prefix(5)))
            #expect(harness.activeClients.count == 600)
            try await harness.audit("t3", at: now + 2000, Array(clients.dropFirst(4)))
            #expect(harness.activeClients.count == 596 && imports(harness) == 604)
            #expect(try await store.verify() == [])
        }
    }

    @Test("A suppression between two equal audits is not hidden by the digest")
    func suppressed() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1", "c2"])
            try await suppress("c1", at: now + 500, harness)
            #expect(harness.activeClients == ["c2"])
            // The newer audit wins over the suppression.
            try await harness.audit("t2", at: now + 1000, ["c1", "c2"])
            #expect(harness.activeClients == ["c1", "c2"])
            // A suppression that is older than the audit that confirmed the finding loses.
            try await harness.audit("t3", at: now + 3000, ["c1", "c2"])
            try await suppress("c2", at: now + 2000, harness)
            #expect(harness.activeClients == ["c1", "c2"])
        }
    }

    @Test("Changed severities show with the next audit, though Device Defender reports nothing new")
    func severities() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1"])
            var mapping = MappingOptions(checkSummaries: false)
            mapping.severities = try SeverityRules(entries: ["\(Messages.clientIDs)=LOW"])
            try await harness.audit("t2", at: now + 1000, ["c1"], mapping: mapping)
            #expect(imports(harness) == 2)
            let labels = harness.aws.state.withLock { $0.hub.values.map { $0["Severity"]?["Label"] } }
            #expect(labels == ["LOW"])
            try await harness.audit("t3", at: now + 2000, ["c1"], mapping: mapping)
            #expect(imports(harness) == 2)
        }
    }

    @Test("Of a finding that a page lists twice, the last listing counts", arguments: [true, false])
    func listedTwice(isUnchangedLast: Bool) async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1", "c2"])
            let same = Messages.auditFinding("c1", at: now + 1000)
            let changed = Messages.auditFinding("c1", at: now + 1000, reason: "Again")
            try await harness.audit(
                "t2", at: now + 1000, ["c2"], more: isUnchangedLast ? [changed, same] : [same, changed])
            #expect(imports(harness) == (isUnchangedLast ? 2 : 3))
            #expect(harness.activeClients == ["c1", "c2"])
        }
    }

    @Test("A finding that Security Hub rejected is evaluated by each audit")
    func rejected() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1"])
            let id = try auditObservation("c1").finding.id
            harness.aws.state.withLock { $0.failures = [id: "InvalidInput"] }
            let changed = [Messages.auditFinding("c1", at: now, reason: "Changed")]
            try await harness.audit("t2", at: now + 1000, [], more: changed)
            harness.aws.state.withLock { $0.failures = [:] }
            try await harness.audit("t3", at: now + 2000, [], more: changed)
            let description = harness.aws.state.withLock { $0.hub[id]?["Description"]?.string ?? "" }
            #expect(description.hasSuffix("Changed"))
        }
    }

    @Test("An interrupted audit begins again after a suppression or another audit", arguments: [true, false])
    func interrupted(bySuppression: Bool) async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, clients)
            failSecondPage(harness)
            try await harness.audit("t3", at: now + 2000, clients)
            #expect(try await harness.store.queueStatus().pending == 1)
            harness.aws.state.withLock { $0.fault = { _, _ in nil } }
            // What happens now is older than the interrupted audit, which has seen this finding unchanged already.
            if bySuppression {
                try await queueSuppression(of: "c1", at: now + 1000, harness)
            } else {
                try await queueAudit("t2", at: now + 1000, Array(clients.dropFirst(2)), harness)
            }
            try await harness.process(of: accountRegion())
            harness.time.advance(by: .seconds(600))
            try await harness.process(of: accountRegion())
            #expect(try await harness.store.queueStatus().completed == 3)
            #expect(harness.activeClients.count == 600)
            #expect(try await harness.store.ledgerCounts().active == 600)
        }
    }

    @Test("An interrupted audit that nothing has interfered with continues after its last page")
    func continued() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, clients)
            failSecondPage(harness)
            try await harness.audit("t2", at: now + 2000, Array(clients.dropLast(3)))
            harness.aws.state.withLock { $0.fault = { _, _ in nil } }
            let listed = harness.aws.state.withLock { $0.listed }
            harness.time.advance(by: .seconds(600))
            try await harness.process(of: accountRegion())
            #expect(harness.aws.state.withLock { $0.listed } == listed + 1)
            #expect(harness.activeClients.count == 597)
        }
    }

    // MARK: Parts

    private func failSecondPage(_ harness: ProcessingHarness) {
        harness.aws.state.withLock { state in
            state.fault = { path, body in
                path.hasSuffix("/audit/findings") && body["nextToken"] == "2"
                    ? .status(500, code: "InternalFailureException") : nil
            }
        }
    }

    private func queueSuppression(of client: String, at time: Timestamp, _ harness: ProcessingHarness) async throws {
        let event = Messages.suppression("CreateAuditSuppression", of: client, time: time.iso8601)
        _ = try await harness.store.append(delivery("s-\(client)", event, from: .eventBridge, of: accountRegion()))
    }

    private func suppress(_ client: String, at time: Timestamp, _ harness: ProcessingHarness) async throws {
        try await queueSuppression(of: client, at: time, harness)
        try await harness.process(of: accountRegion())
    }

    private func queueAudit(
        _ task: String, at time: Timestamp, _ clients: [String], _ harness: ProcessingHarness
    ) async throws {
        let findings = clients.map { Messages.auditFinding($0, at: time) }
        let pages = stride(from: 0, to: findings.count, by: 250).map { Array(findings[$0...].prefix(250)) }
        harness.aws.state.withLock {
            $0.audits[task] = (
                Messages.description(startTime: time, checks: [Messages.clientIDs: "COMPLETED_NON_COMPLIANT"]), pages
            )
        }
        _ = try await harness.store.append(delivery(task, Messages.audit(task, startTime: time), of: accountRegion()))
    }
}

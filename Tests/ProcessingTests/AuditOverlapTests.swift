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

/// An audit's findings are parsed, recorded in the ledger and sent in a pipeline of chunks.
@Suite(.timeLimit(.minutes(15))) struct AuditOverlapTests {
    private let clients = (0..<750).map { "c\($0)" }

    @Test("The next chunk is recorded in the ledger while the previous one is sent")
    func overlapped() async throws {
        try await ProcessingHarness.run { harness in
            let (store, later) = (harness.store, try auditObservation("c600").finding.id)
            let isFirst = Atomic(true)
            let isThere = Atomic(false)
            harness.aws.state.withLock { state in
                state.duringImport = { _ in
                    guard isFirst.exchange(false, ordering: .relaxed) else { return }
                    try? await eventually("the next chunk to be recorded") {
                        try await store.ledgerEntries(ids: [later])[later]?.isSent == false
                    }
                    isThere.store((try? await store.ledgerEntries(ids: [later]).count) == 1, ordering: .relaxed)
                }
            }
            try await harness.audit("t1", at: now, clients)
            let wasThere = isThere.load(ordering: .relaxed)
            #expect(wasThere)
            #expect(harness.activeClients.count == 750)
            #expect(
                try await store.unsentLedgerRows(of: accountRegion(), kind: .audit, after: nil, limit: 1).isEmpty)
        }
    }

    @Test("A finding that an audit lists twice is not changed while it is sent, and ends as listed last")
    func listedTwice() async throws {
        try await ProcessingHarness.run { harness in
            let (store, twice) = (harness.store, try auditObservation("c0").finding.id)
            let changes = Atomic(0)
            harness.aws.state.withLock { state in
                state.duringImport = { ids in
                    guard ids.contains(twice) else { return }
                    let before = try? await store.ledgerEntries(ids: [twice])
                    // Long enough to observe a change of the ledger.
                    for _ in 0..<40 {
                        try? await Task.sleep(for: .milliseconds(5))
                        guard (try? await store.ledgerEntries(ids: [twice])) == before else {
                            changes.add(1, ordering: .relaxed)
                            return
                        }
                    }
                }
            }
            let again = Messages.auditFinding("c0", at: now, reason: "Again")
            try await harness.audit("t1", at: now, Array(clients.prefix(500)), more: [again])
            let count = changes.load(ordering: .relaxed)
            #expect(count == 0)
            let state = harness.aws.state.withLock { state in
                (
                    state.imports.joined().count { $0 == twice }, state.overlaps + state.ignored,
                    state.hub[twice]?["Description"]?.string ?? ""
                )
            }
            #expect(state.0 == 2 && state.1 == 0 && state.2.hasSuffix("Again"), "\(state)")
        }
    }

    @Test("An audit that is interrupted while one chunk is sent and the next is recorded loses and duplicates nothing")
    func cutOff() async throws {
        try await ProcessingHarness.run { harness in
            let (store, later) = (harness.store, try auditObservation("c600").finding.id)
            harness.aws.state.withLock { $0.fault = { path, _ in path.hasSuffix("/import") ? .silence : nil } }
            let work = Task { try await harness.audit("t1", at: now, clients) }
            try await eventually("the next chunk to be recorded") {
                try await store.ledgerEntries(ids: [later]).count == 1
            }
            work.cancel()
            try await work.value
            #expect(try await store.queueStatus().pending == 1)
            let unsent = try await store.unsentLedgerRows(of: accountRegion(), kind: .audit, after: nil, limit: 1000)
            #expect(unsent.count == 750)
            harness.aws.state.withLock { $0.fault = { _, _ in nil } }
            try await harness.process(of: accountRegion())
            let sent = harness.aws.state.withLock { Array($0.imports.joined()) }
            #expect(sent.count == 750 && Set(sent).count == 750 && harness.activeClients.count == 750)
            #expect(harness.aws.state.withLock { $0.overlaps + $0.ignored } == 0)
            #expect(
                try await store.unsentLedgerRows(of: accountRegion(), kind: .audit, after: nil, limit: 1).isEmpty)
            #expect(try await store.queueStatus().completed == 1)
        }
    }

    @Test("When the list fails, recorded chunks are sent, and the next attempt continues after them")
    func failedList() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { state in
                state.fault = { path, body in
                    path.hasSuffix("/audit/findings") && body["nextToken"] == "2"
                        ? .status(500, code: "InternalFailureException") : nil
                }
            }
            try await harness.audit("t1", at: now, clients)
            #expect(harness.activeClients.count == 500)
            harness.time.advance(by: .seconds(1))
            let checkpoints = try await harness.leaseReady().map(\.leased.checkpoint)
            #expect(checkpoints.map { AuditCheckpoint(serialized: $0).nextToken } == ["2"])
        }
    }
}

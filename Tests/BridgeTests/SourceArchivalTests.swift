import AWSCore
import Encoding
import Fixtures
import Planning
import SQLiteStore
import Store
import TestSupport
import Testing

@testable import Bridge

@Suite struct SourceArchivalTests {
    private func entry(_ id: String, _ source: String, group: String = "") throws -> LedgerEntry {
        LedgerEntry(
            id: id, accountRegion: try accountRegion(), kind: .mapped, group: source + group, subject: id,
            createdAt: now, updatedAt: now, eventTime: now, firstObservedAt: now, lastObservedAt: now,
            condition: .present, recordState: .active, severity: .low, finding: [1],
            report: SourceReport(source: source, lastReportedAt: now, sequence: 1), isSent: true)
    }

    @Test("The archival of a source is queued once for each account and Region with active findings of it")
    func queue() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.path("store.db"))
        try await store.restore([entry("a", "plant", group: "/line 1"), entry("b", "plant-2")], [])
        try await store.finishLedger(of: accountRegion(), appliedAudits: [], now: now)
        let archival = try await SourceArchival(of: "plant", in: store, now: now + 1)
        #expect(archival.accountRegions == [try accountRegion()] && archival.problem == nil)
        #expect(
            archival.lines == ["Queued: archive the findings of source plant in 111122223333/us-east-1."])
        let leased = try await store.lease(limit: 9, for: .seconds(60), owner: "test", now: now + 1).deliveries
        #expect(leased.count == 1 && leased.first?.delivery.source == "plant")
        let command = try DeliveryCommand(try #require(leased.first).delivery)
        guard case .archiveSource(let time) = command else { return #expect(Bool(false), "\(command)") }
        #expect(time == now + 1)
        let other = try await SourceArchival(of: "plan", in: store, now: now + 1)
        #expect(
            other.problem
                == "the source plan has no active findings in the ledger. Sources with active findings: plant, plant-2."
        )
        await store.close()
    }
}

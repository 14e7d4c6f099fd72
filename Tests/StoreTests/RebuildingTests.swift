import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct RebuildingTests {
    @Test(arguments: StoreKind.all) func restoringKeepsExistingEntries(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let known = entry("a", updatedAt: 9)
            try await store.record(
                LedgerUpdate(entries: [known], dispositions: [disposition("s", time: 9)]),
                under: store.leaseNew(1).lease
            )
            try await store.restore([entry("a"), entry("b")], [disposition("s"), disposition("t")])
            #expect(try await store.ledgerEntries(ids: ["a", "b"]) == ["a": known, "b": entry("b")])
            #expect(
                try await store.dispositions(about: ["s", "t"]) == [
                    "s": disposition("s", time: 9), "t": disposition("t"),
                ])
            #expect(await failure { try await store.restore([entry("")], []) } == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func aLedgerIsCompleteFromFinishUntilClear(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let mark = AppliedAudit(accountRegion: accountRegions[0], check: "A", startTime: 1, taskID: "t1")
            let newer = AppliedAudit(accountRegion: accountRegions[0], check: "A", startTime: 2, taskID: "t2")
            try await store.record(LedgerUpdate(appliedAudits: [newer]), under: store.leaseNew(1).lease)
            #expect(try await store.ledgerAccountRegions().isEmpty)
            try await store.finishLedger(of: accountRegions[0], appliedAudits: [mark], now: 5)
            try await store.finishLedger(of: accountRegions[1], appliedAudits: [], now: 5)
            try await store.finishLedger(of: accountRegions[1], appliedAudits: [], now: 6)
            #expect(try await Set(store.ledgerAccountRegions()) == [accountRegions[0], accountRegions[1]])
            #expect(try await store.appliedAudits(of: accountRegions[0]) == ["A": newer])

            let entries = (0..<1500).map { entry("a\($0)") } + [entry("b", of: accountRegions[1])]
            try await store.restore(entries, [disposition("s")])
            try await store.clearLedger(of: accountRegions[0])
            #expect(try await store.ledgerAccountRegions() == [accountRegions[1]])
            #expect(try await store.appliedAudits(of: accountRegions[0]).isEmpty)
            #expect(try await store.ledgerEntries(ids: entries.map(\.id)).keys.sorted() == ["b"])
            #expect(try await store.dispositions(about: ["s"]).count == 1)
        }
    }
}

import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct DispositionTests {
    @Test(arguments: StoreKind.all) func aDispositionIsReadBackAndReplacesTheOneOfItsSubject(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let one = disposition(
                "é", of: accountRegions[1], time: .earliest, dueAt: 4, keepUntil: .latest, content: Array(0...255))
            try await store.record(LedgerUpdate(dispositions: [one, disposition("b")]), under: lease)
            #expect(
                try await store.dispositions(about: ["é", "b", "c", "b\u{0}"]) == ["é": one, "b": disposition("b")])
            let newer = disposition("é", time: 9)
            try await store.record(LedgerUpdate(dispositions: [newer]), under: lease)
            #expect(try await store.dispositions(about: ["é"]) == ["é": newer])
        }
    }

    @Test(arguments: StoreKind.all) func dispositionsAreListedByAccountRegionInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let expected = [disposition("a"), disposition("b"), disposition("c")]
            let others = [disposition("aa", of: accountRegions[1])]
            try await store.record(
                LedgerUpdate(dispositions: expected.reversed() + others), under: store.leaseNew(1).lease)
            #expect(try await store.dispositions(of: accountRegions[0], after: nil, limit: 2) == Array(expected[..<2]))
            #expect(try await store.dispositions(of: accountRegions[0], after: expected[1], limit: 2) == [expected[2]])
        }
    }

    @Test(arguments: StoreKind.all) func dispositionsDueEarliestComeFirst(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let all = [
                disposition("a", dueAt: 9), disposition("b", dueAt: 8), disposition("c", dueAt: 10), disposition("d"),
            ]
            try await store.record(LedgerUpdate(dispositions: all), under: store.leaseNew(1).lease)
            #expect(try await store.dueDispositions(by: 9, limit: 5) == [all[1], all[0]])
            #expect(try await store.dueDispositions(by: 9, limit: 1) == [all[1]])
            #expect(await failure { _ = try await store.dueDispositions(by: 9, limit: 0) } == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func onlyDispositionsPastTheirTimeAndWithoutFindingAreDeleted(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let all = [
                disposition("a", keepUntil: 5), disposition("b", keepUntil: 6), disposition("c"),
                disposition("d", keepUntil: 5),
            ]
            try await store.record(
                LedgerUpdate(entries: [entry("1", subject: "d")], dispositions: all), under: store.leaseNew(1).lease)
            #expect(try await store.purgeDispositions(by: 5) == 1)
            #expect(Set(try await store.dispositions(about: ["a", "b", "c", "d"]).keys) == ["b", "c", "d"])
        }
    }

    @Test(arguments: StoreKind.all) func appliedAuditsAreKeptByCheckAndAccountRegion(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let old = AppliedAudit(accountRegion: accountRegions[0], check: "A", startTime: 1, taskID: "t1")
            let new = AppliedAudit(accountRegion: accountRegions[0], check: "A", startTime: 2, taskID: "t2")
            let other = AppliedAudit(accountRegion: accountRegions[1], check: "A", startTime: 3, taskID: "t3")
            try await store.record(LedgerUpdate(appliedAudits: [old, other]), under: lease)
            try await store.record(LedgerUpdate(appliedAudits: [new]), under: lease)
            #expect(try await store.appliedAudits(of: accountRegions[0]) == ["A": new])
            #expect(try await store.appliedAudits(of: accountRegions[2]).isEmpty)
        }
    }

    @Test(arguments: StoreKind.all) func aCheckpointIsReturnedWithTheDeliveryUntilItIsCompleted(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let first = try await store.leaseNew(1)
            #expect(first.checkpoint == nil)
            try await store.record(LedgerUpdate(checkpoint: "page 2"), under: first.lease)
            try await store.record(LedgerUpdate(entries: [entry("a")]), under: first.lease)
            try await store.retry(first.lease, at: 5, reason: "later", now: 1)
            let second = try #require(try await store.leaseBatch(now: 5).first)
            #expect(second.checkpoint == "page 2")
            try await store.deadLetter(second.lease, reason: "never", now: 6)
            _ = try await store.requeueDeadLetters(ids: [second.delivery.id])
            let third = try #require(try await store.leaseBatch(now: 7).first)
            #expect(third.checkpoint == nil)
        }
    }

    @Test(arguments: StoreKind.all) func updatesUnderALostLeaseOrWithAnInvalidTextAreRejected(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let long = String(repeating: "x", count: 2049)
            for bad in [
                LedgerUpdate(dispositions: [disposition("z"), disposition("")]),
                LedgerUpdate(dispositions: [disposition(long)]),
                LedgerUpdate(appliedAudits: [
                    AppliedAudit(accountRegion: accountRegions[0], check: "", startTime: 1, taskID: "t")
                ]),
                LedgerUpdate(appliedAudits: [
                    AppliedAudit(accountRegion: accountRegions[0], check: "A", startTime: 1, taskID: "")
                ]),
                LedgerUpdate(checkpoint: ""),
                LedgerUpdate(checkpoint: String(repeating: "x", count: LedgerUpdate.maximumCheckpointLength + 1)),
            ] {
                #expect(await failure { try await store.record(bad, under: lease) } == .invalidValue)
            }
            try await store.release([lease])
            let progress = LedgerUpdate(dispositions: [disposition("z")])
            #expect(await failure { try await store.record(progress, under: lease) } == .leaseLost)
            #expect(try await store.dispositions(about: ["z"]).isEmpty)
        }
    }
}

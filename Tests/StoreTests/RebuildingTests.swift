import Testing

@testable import Store

@Suite struct RebuildingTests {
    @Test(arguments: StoreKind.all) func restoringLeavesWhatIsThere(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let known = entry("a", updatedAt: 9)
            try await store.record(
                Progress(entries: [known], judgements: [judgement("s", time: 9)]), under: store.takeNew(1).lease)
            try await store.restore([entry("a"), entry("b")], [judgement("s"), judgement("t")])
            #expect(try await store.ledgerEntries(ids: ["a", "b"]) == ["a": known, "b": entry("b")])
            #expect(
                try await store.judgements(about: ["s", "t"]) == [
                    "s": judgement("s", time: 9), "t": judgement("t"),
                ])
            #expect(await failure { try await store.restore([entry("")], []) } == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func anOriginIsCompleteFromItsEndUntilItIsCleared(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let mark = AuditMark(origin: origins[0], check: "A", startTime: 1, taskID: "t1")
            let newer = AuditMark(origin: origins[0], check: "A", startTime: 2, taskID: "t2")
            try await store.record(Progress(marks: [newer]), under: store.takeNew(1).lease)
            #expect(try await store.ledgerOrigins().isEmpty)
            try await store.finishLedger(of: origins[0], marks: [mark], now: 5)
            try await store.finishLedger(of: origins[1], marks: [], now: 5)
            try await store.finishLedger(of: origins[1], marks: [], now: 6)
            #expect(try await Set(store.ledgerOrigins()) == [origins[0], origins[1]])
            #expect(try await store.auditMarks(of: origins[0]) == ["A": newer])

            let entries = (0..<1500).map { entry("a\($0)") } + [entry("b", of: origins[1])]
            try await store.restore(entries, [judgement("s")])
            try await store.clearLedger(of: origins[0])
            #expect(try await store.ledgerOrigins() == [origins[1]])
            #expect(try await store.auditMarks(of: origins[0]).isEmpty)
            #expect(try await store.ledgerEntries(ids: entries.map(\.id)).keys.sorted() == ["b"])
            #expect(try await store.judgements(about: ["s"]).count == 1)
        }
    }
}

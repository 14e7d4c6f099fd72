import Testing

@testable import Store

@Suite struct LedgerTests {
    @Test func anEntryIsReadBackAsItWasAndUnknownIdsAreLeftOut() async throws {
        try await withStore { store async throws in
            let one = LedgerEntry(
                id: "arn:1", origin: origins[1], kind: .violation, group: "profile/behavior", createdAt: 1,
                updatedAt: 2, eventTime: 3, firstObservedAt: -4, lastObservedAt: .max, recordState: .archived,
                finding: Array(0...255))
            try await store.complete(store.takeNew(1).lease, recording: [one, entry("é", finding: [])], now: 1)
            #expect(
                try await store.ledgerEntries(ids: ["arn:1", "arn:2", "arn:1\u{0}", "é"])
                    == ["arn:1": one, "é": entry("é", finding: [])])
        }
    }

    @Test func anEntryReplacesTheOneWithItsId() async throws {
        try await withStore { store async throws in
            let taken = try await store.takeNew(1)
            try await store.record([entry("a"), entry("b")], under: taken.lease)
            let newer = entry("a", of: origins[2], kind: .summary, group: "other", updatedAt: 9, recordState: .archived)
            try await store.complete(taken.lease, recording: [newer], now: 1)
            #expect(try await store.ledgerEntries(ids: ["a", "b"]) == ["a": newer, "b": entry("b")])
        }
    }

    @Test func thousandsOfIdsAreLookedUpAtOnce() async throws {
        try await withStore { store async throws in
            let entries = (0..<40_000).map { entry("id-\($0)", finding: []) }
            try await store.complete(store.takeNew(1).lease, recording: entries, now: 1)
            let found = try await store.ledgerEntries(ids: entries.map(\.id))
            #expect(found.count == 40_000)
            #expect(found["id-39999"] == entries.last)
        }
    }

    @Test func completionAndLedgerHappenBothOrNeither() async throws {
        try await withStore { store async throws in
            let taken = try await store.takeNew(1)
            try await store.run(
                """
                CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.ledger WHEN new.id = 'c'
                BEGIN SELECT RAISE(ABORT, 'refused'); END
                """)
            let entries = [entry("a"), entry("b"), entry("c"), entry("d")]
            #expect(
                await failure { try await store.complete(taken.lease, recording: entries, now: 1) } == .defect)
            #expect(try await store.ledgerEntries(ids: ["a", "b", "c", "d"]).isEmpty)
            #expect(try await store.status().leased == 1)
            try await store.run("DROP TRIGGER refuse")
            try await store.complete(taken.lease, recording: entries, now: 1)
            #expect(try await store.ledgerEntries(ids: ["a", "b", "c", "d"]).count == 4)
            #expect(try await store.status().completed == 1)
        }
    }

    @Test func malformedEntriesAreRefusedBeforeAnythingIsWritten() async throws {
        try await withStore { store async throws in
            let taken = try await store.takeNew(1)
            let long = String(repeating: "x", count: 2049)
            for bad in [entry(""), entry("a\u{0}"), entry(long), entry("a", group: ""), entry("a", group: long)] {
                #expect(
                    await failure { try await store.complete(taken.lease, recording: [entry("z"), bad], now: 1) }
                        == .invalidValue)
                #expect(await failure { try await store.record([bad], under: taken.lease) } == .invalidValue)
            }
            #expect(try await store.ledgerEntries(ids: ["z"]).isEmpty)
            #expect(try await store.status().leased == 1)
        }
    }

    @Test func activeEntriesAreListedByGroupInPages() async throws {
        try await withStore { store async throws in
            let wanted = [
                entry("3", group: "A"), entry("1", group: "B"), entry("2", group: "B"), entry("0", group: "C"),
            ]
            let others = [
                entry("4", of: origins[1], group: "B"), entry("5", kind: .violation, group: "B"),
                entry("6", group: "B", recordState: .archived),
            ]
            try await store.complete(store.takeNew(1).lease, recording: wanted.reversed() + others, now: 1)

            func page(_ group: String?, after last: LedgerEntry?, limit: Int) async throws -> [LedgerEntry] {
                try await store.activeLedgerEntries(
                    of: origins[0], kind: .audit, group: group, after: last, limit: limit)
            }
            #expect(try await page(nil, after: nil, limit: 3) == Array(wanted[..<3]))
            #expect(try await page(nil, after: wanted[2], limit: 3) == [wanted[3]])
            #expect(try await page("B", after: nil, limit: 1) == [wanted[1]])
            #expect(try await page("B", after: wanted[1], limit: 5) == [wanted[2]])
            #expect(try await page("D", after: nil, limit: 5).isEmpty)
            #expect(try await page("A\u{0}", after: nil, limit: 5).isEmpty)
            #expect(await failure { _ = try await page(nil, after: nil, limit: 0) } == .invalidValue)
        }
    }

    @Test func onlyArchivedEntriesOfBeforeTheTimeArePurged() async throws {
        try await withStore { store async throws in
            let entries = [
                entry("a", updatedAt: 9, recordState: .archived), entry("b", updatedAt: 10, recordState: .archived),
                entry("c", updatedAt: 9),
            ]
            try await store.complete(store.takeNew(1).lease, recording: entries, now: 1)
            #expect(try await store.purgeLedger(archivedBefore: 10) == 1)
            #expect(Set(try await store.ledgerEntries(ids: ["a", "b", "c"]).keys) == ["b", "c"])
        }
    }
}

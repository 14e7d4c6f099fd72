import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct LedgerTests {
    @Test(arguments: StoreKind.all) func anEntryIsReadBackAsItWasAndUnknownIdsAreLeftOut(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let one = LedgerEntry(
                id: "arn:1", accountRegion: accountRegions[1], kind: .violation, group: "profile/behavior",
                subject: "subject",
                createdAt: 1, updatedAt: 2, eventTime: 3, firstObservedAt: .earliest, lastObservedAt: .latest,
                condition: .suppressed, recordState: .archived, severity: nil, finding: Array(0...255), isSent: false)
            try await store.complete(store.leaseNew(1).lease, recording: [one, entry("é", finding: [])], now: 1)
            #expect(
                try await store.ledgerEntries(ids: ["arn:1", "arn:2", "arn:1\u{0}", "é"])
                    == ["arn:1": one, "é": entry("é", finding: [])])
        }
    }

    @Test(arguments: StoreKind.all) func anEntryReplacesTheOneWithItsId(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let taken = try await store.leaseNew(1)
            try await store.record(LedgerUpdate(entries: [entry("a"), entry("b")]), under: taken.lease)
            let newer = entry(
                "a", of: accountRegions[2], kind: .summary, group: "other", subject: "another", updatedAt: 9,
                eventTime: 8,
                condition: .over, recordState: .archived, severity: .low)
            try await store.complete(taken.lease, recording: [newer], now: 1)
            #expect(try await store.ledgerEntries(ids: ["a", "b"]) == ["a": newer, "b": entry("b")])
        }
    }

    @Test(arguments: StoreKind.all) func onlyTheConfirmedVersionOfAnEntryIsMarkedSent(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let entries = ["a", "b", "c"].map { entry($0, updatedAt: 5, isSent: false) }
            try await store.record(LedgerUpdate(entries: entries), under: lease)
            try await store.record(LedgerUpdate(sent: ["a": 5, "b": 4, "d": 5], rejected: ["c", "e"]), under: lease)
            let found = try await store.ledgerEntries(ids: ["a", "b", "c", "d"])
            #expect(found == ["a": entry("a", updatedAt: 5), "b": entries[1]])
            for bad in [LedgerUpdate(sent: ["": 5]), LedgerUpdate(rejected: [""])] {
                #expect(await failure { try await store.record(bad, under: lease) } == .invalidValue)
            }
        }
    }

    @Test(arguments: StoreKind.all) func thousandsOfIdsAreLookedUpInOneCall(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let entries = (0..<40_000).map { entry("id-\($0)", finding: []) }
            try await store.complete(store.leaseNew(1).lease, recording: entries, now: 1)
            let found = try await store.ledgerEntries(ids: entries.map(\.id))
            #expect(found.count == 40_000)
            #expect(found["id-39999"] == entries.last)
        }
    }

    @Test func completionAndLedgerHappenBothOrNeither() async throws {
        try await withStore { store async throws in
            let taken = try await store.leaseNew(1)
            try await store.run(
                """
                CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.finding WHEN new.id_hash = text_hash('c')
                BEGIN SELECT RAISE(ABORT, 'refused'); END
                """)
            let entries = [entry("a"), entry("b"), entry("c"), entry("d")]
            #expect(
                await failure { try await store.complete(taken.lease, recording: entries, now: 1) } == .defect)
            #expect(try await store.ledgerEntries(ids: ["a", "b", "c", "d"]).isEmpty)
            #expect(try await store.queueStatus().leased == 1)
            try await store.run("DROP TRIGGER refuse")
            try await store.complete(taken.lease, recording: entries, now: 1)
            #expect(try await store.ledgerEntries(ids: ["a", "b", "c", "d"]).count == 4)
            #expect(try await store.queueStatus().completed == 1)
        }
    }

    @Test(arguments: StoreKind.all) func malformedEntriesAreRejectedBeforeAnythingIsWritten(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let taken = try await store.leaseNew(1)
            let long = String(repeating: "x", count: 2049)
            for bad in [
                entry(""), entry("a\u{0}"), entry(long), entry("a", group: ""), entry("a", group: long),
                entry("a", subject: ""), entry("a", subject: long),
            ] {
                #expect(
                    await failure { try await store.complete(taken.lease, recording: [entry("z"), bad], now: 1) }
                        == .invalidValue)
                #expect(
                    await failure { try await store.record(LedgerUpdate(entries: [bad]), under: taken.lease) }
                        == .invalidValue)
            }
            #expect(try await store.ledgerEntries(ids: ["z"]).isEmpty)
            #expect(try await store.queueStatus().leased == 1)
        }
    }

    @Test(arguments: StoreKind.all) func entriesAreListedBySubjectInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let expected = [
                entry("1", subject: "B", condition: .over, recordState: .archived), entry("2", subject: "B"),
                entry("3", kind: .violation, subject: "B"),
            ]
            try await store.complete(
                store.leaseNew(1).lease, recording: [entry("0", subject: "A")] + expected, now: 1)
            let first = try await store.ledgerRows(about: "B", after: nil, limit: 2)
            #expect(first.map(\.entry) == Array(expected[..<2]))
            #expect(try await store.ledgerRows(about: "B", after: first.last, limit: 2).map(\.entry) == [expected[2]])
            #expect(try await store.ledgerRows(about: "A\u{0}", after: nil, limit: 2).isEmpty)
        }
    }

    @Test(arguments: StoreKind.all) func openPositionsAreListedOldestFirstInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let expected = [
                entry("9", group: "B", eventTime: -1, condition: .suppressed, recordState: .archived),
                entry("1", group: "B", eventTime: 3), entry("2", group: "B", eventTime: 3),
            ]
            let others = [
                entry("3", group: "B", eventTime: 4), entry("4", of: accountRegions[1], group: "B"),
                entry("5", kind: .violation, group: "B"), entry("6", group: "B", condition: .over),
                entry("7", group: "A"),
            ]
            try await store.complete(store.leaseNew(1).lease, recording: expected + others, now: 1)

            func page(after last: LedgerPosition?, group: String = "B", limit: Int) async throws -> [LedgerPosition] {
                try await store.openPositions(
                    of: accountRegions[0], kind: .audit, group: group, before: 4, after: last, limit: limit)
            }
            func entries(_ page: [LedgerPosition]) async throws -> Set<LedgerEntry> {
                Set(try await store.ledgerRows(numbers: page.map(\.number)).map(\.entry))
            }
            let first = try await page(after: nil, limit: 2)
            #expect(try await entries(first) == [expected[0], expected[1]])
            #expect(first.map(\.storedTime) == [0, 3])
            let second = try await page(after: first.last, limit: 2)
            #expect(try await entries(second) == [expected[2]])
            #expect(try await page(after: second.last, limit: 2).isEmpty)
            #expect(try await page(after: nil, group: "B\u{0}", limit: 5).isEmpty)
            #expect(await failure { _ = try await page(after: nil, limit: 0) } == .invalidValue)
            #expect(await failure { _ = try await page(after: nil, limit: 10_001) } == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func staleEntriesAreListedOldestFirstInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let expected = [entry("9", updatedAt: 1), entry("1", updatedAt: 7), entry("2", updatedAt: 7)]
            let others = [
                entry("3", updatedAt: 8), entry("4", of: accountRegions[1]), entry("5", kind: .violation),
                entry("6", recordState: .archived),
            ]
            try await store.complete(store.leaseNew(1).lease, recording: expected + others, now: 1)

            func page(after last: LedgerRow?) async throws -> [LedgerRow] {
                try await store.staleLedgerRows(of: accountRegions[0], kind: .audit, before: 8, after: last, limit: 2)
            }
            let first = try await page(after: nil)
            #expect(first.map(\.entry) == Array(expected[..<2]))
            #expect(try await page(after: first.last).map(\.entry) == [expected[2]])
        }
    }

    @Test(arguments: StoreKind.all) func unsentEntriesAreListedInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let expected = [
                entry("1", isSent: false), entry("2", condition: .over, recordState: .archived, isSent: false),
                entry("3", isSent: false),
            ]
            let others = [
                entry("4"), entry("5", of: accountRegions[1], isSent: false),
                entry("6", kind: .violation, isSent: false),
            ]
            try await store.complete(store.leaseNew(1).lease, recording: expected + others, now: 1)

            func page(after last: LedgerRow?) async throws -> [LedgerRow] {
                try await store.unsentLedgerRows(of: accountRegions[0], kind: .audit, after: last, limit: 2)
            }
            let first = try await page(after: nil)
            #expect(first.map(\.entry) == Array(expected[..<2]))
            #expect(try await page(after: first.last).map(\.entry) == [expected[2]])
        }
    }

    @Test(arguments: StoreKind.all) func onlyArchivedEntriesOfBeforeTheTimeArePurged(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let entries = [
                entry("a", updatedAt: 9, condition: .over, recordState: .archived),
                entry("b", updatedAt: 10, condition: .over, recordState: .archived), entry("c", updatedAt: 9),
                // The finding can become active again without an audit, when the suppression is deleted.
                entry("d", updatedAt: 9, condition: .suppressed, recordState: .archived),
            ]
            try await store.complete(store.leaseNew(1).lease, recording: entries, now: 1)
            #expect(try await store.purgeLedger(archivedBefore: 10) == 1)
            #expect(Set(try await store.ledgerEntries(ids: ["a", "b", "c", "d"]).keys) == ["b", "c", "d"])
        }
    }

    @Test(arguments: StoreKind.all) func textsOfMaximumLengthAreStoredAndFound(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            var random = SeededGenerator(seed: 1)
            // Incompressible.
            func text() -> String {
                String((0..<2048).map { _ in Character(Unicode.Scalar(UInt8.random(in: 0x21...0x7E, using: &random))) })
            }
            let (id, group, subject) = (text(), text(), text())
            let one = entry(id, group: group, subject: subject, isSent: false)
            let decision = disposition(subject, dueAt: 1, keepUntil: 1)
            let mark = AppliedAudit(accountRegion: accountRegions[0], check: text(), startTime: 1, taskID: text())
            try await store.record(
                LedgerUpdate(entries: [one], dispositions: [decision], appliedAudits: [mark]),
                under: store.leaseNew(1).lease
            )
            #expect(try await store.ledgerRows(about: subject, after: nil, limit: 2).map(\.entry) == [one])
            #expect(
                try await store.openPositions(
                    of: accountRegions[0], kind: .audit, group: group, before: 9, after: nil, limit: 2
                ).count == 1)
            #expect(try await store.dispositions(of: accountRegions[0], after: nil, limit: 2) == [decision])
            #expect(try await store.appliedAudits(of: accountRegions[0]) == [mark.check: mark])
            #expect(try await store.purgeDispositions(by: 1) == 0)
        }
    }
}

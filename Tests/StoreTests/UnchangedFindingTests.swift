import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct UnchangedFindingTests {
    private func digest(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

    @Test(arguments: StoreKind.all) func sentFindingsAreFoundByTheirDigests(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let entries = [
                entry("a", severity: .low, digest: digest(1)), entry("b", severity: nil, digest: digest(2)),
                entry("c", isSent: false, digest: digest(3)), entry("d"),
                entry("e", of: accountRegions[1], digest: digest(5)),
            ]
            try await store.record(LedgerUpdate(entries: entries), under: lease)
            func find(_ bytes: [UInt8]) async throws -> [UnchangedFinding?] {
                try await store.unchangedFindings(digests: bytes.map(digest), of: accountRegions[0])
            }
            let numbers = try await store.ledgerRows(ids: entries.map(\.id)).mapValues(\.number)
            func found(_ id: String, _ severity: LedgerEntry.Severity?) throws -> UnchangedFinding {
                UnchangedFinding(number: try #require(numbers[id]), severity: severity)
            }
            #expect(
                try await find([2, 9, 1, 3, 5, 2]) == [
                    found("b", nil), nil, found("a", .low), nil, nil, found("b", nil),
                ])
            #expect(try await find([]).isEmpty)
            #expect(try await store.ledgerEntries(ids: ["a"])["a"]?.digest == digest(1))
            // A finding that Security Hub may not have must be evaluated; once it is sent, its digest counts.
            try await store.record(LedgerUpdate(sent: ["c": entries[2].updatedAt]), under: lease)
            #expect(try await find([3]).first??.number == numbers["c"])
            // Another version of the finding has another digest.
            try await store.record(LedgerUpdate(entries: [entry("a", digest: digest(7)), entry("b")]), under: lease)
            #expect(try await find([1, 2, 7]).map { $0?.number } == [nil, nil, numbers["a"]])
        }
    }

    @Test(arguments: StoreKind.all) func aDispositionForgetsTheDigestsOfItsSubject(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let entries = [
                entry("a", subject: "A", digest: digest(1)), entry("b", subject: "A", digest: digest(2)),
                entry("c", subject: "B", digest: digest(3)),
            ]
            try await store.record(LedgerUpdate(entries: entries), under: lease)
            try await store.record(LedgerUpdate(dispositions: [disposition("A")]), under: lease)
            let found = try await store.unchangedFindings(
                digests: [1, 2, 3].map(digest), of: accountRegions[0])
            #expect(found.map { $0 == nil } == [true, true, false])
            #expect(try await store.ledgerEntries(ids: ["a"])["a"] == entry("a", subject: "A"))
        }
    }

    @Test(arguments: StoreKind.all) func anAppliedAuditConfirmsTheOpenFindingsOfItsCheck(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let entries = [
                entry("seen", group: "C", eventTime: 3), entry("newer", group: "C", eventTime: 9),
                entry("over", group: "C", eventTime: 3, condition: .over), entry("other", group: "D", eventTime: 3),
                entry("summary", kind: .summary, group: "C", eventTime: 3),
                entry("elsewhere", of: accountRegions[1], group: "C", eventTime: 3),
            ]
            let audit = AppliedAudit(accountRegion: accountRegions[0], check: "C", startTime: 7, taskID: "T")
            try await store.record(LedgerUpdate(entries: entries, appliedAudits: [audit]), under: lease)
            let times = try await store.ledgerEntries(ids: entries.map(\.id)).mapValues(\.eventTime)
            #expect(times == ["seen": 7, "newer": 9, "over": 3, "other": 3, "summary": 3, "elsewhere": 3])
            let entry = try #require(try await store.ledgerEntries(ids: ["seen"])["seen"])
            #expect(entry.lastObservedAt == max(entries[0].lastObservedAt, 7))
            // What was not observed since is found by the times of the reports themselves.
            let open = try await store.openPositions(
                of: accountRegions[0], kind: .audit, group: "C", before: 7, after: nil, limit: 9)
            #expect(open.map(\.storedTime) == [3])
        }
    }

    @Test(arguments: StoreKind.all) func theListedAuditIsTheOneThatBeganLast(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            func listed() async throws -> String? { try await store.listedAudit(of: accountRegions[0]) }
            func record(_ task: String?, of number: Int = 0) async throws {
                let change = ListingChange(accountRegion: accountRegions[number], taskID: task)
                try await store.record(LedgerUpdate(listing: change), under: lease)
            }
            #expect(try await listed() == nil)
            try await record("T1")
            try await record("T9", of: 1)
            #expect(try await listed() == "T1")
            try await record("T2")
            #expect(try await listed() == "T2")
            try await record(nil)
            #expect(try await listed() == nil)
            try await record("T3")
            try await store.clearLedger(of: accountRegions[0])
            #expect(try await listed() == nil)
            #expect(await failure { try await record("") } == .invalidValue)
        }
    }
}

import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct OpenFindingsTests {
    private func report(_ source: String) -> SourceReport {
        SourceReport(source: source, lastReportedAt: 1, sequence: 1)
    }

    @Test(arguments: StoreKind.all) func activeFindingsAreCountedByAccountRegionSourceAndSeverity(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let entries = [
                entry("1", severity: .critical), entry("2", kind: .violation, severity: .high),
                entry("3", severity: .high), entry("4", of: accountRegions[1], severity: .high),
                entry("5", recordState: .archived, severity: .high),
                entry("6", of: accountRegions[1], condition: .suppressed, recordState: .archived, severity: .low),
                entry("7", of: accountRegions[1], severity: .informational), entry("8", severity: nil),
                entry("9", kind: .mapped, severity: .high, report: report("plant")),
                entry("10", kind: .mapped, severity: .high, report: report("site")),
                entry("11", kind: .mapped, severity: .high, report: report("site")),
            ]
            try await store.record(LedgerUpdate(entries: entries), under: lease)
            func open(
                _ severity: LedgerEntry.Severity?, _ count: Int, of number: Int = 0, kind: LedgerEntry.Kind = .audit,
                source: String? = nil
            ) -> OpenFindings {
                OpenFindings(
                    accountRegion: accountRegions[number], kind: kind, source: source, severity: severity, count: count)
            }
            #expect(
                Set(try await store.openFindings()) == [
                    open(.critical, 1), open(.high, 1), open(nil, 1), open(.high, 1, of: 1),
                    open(.informational, 1, of: 1), open(.high, 1, kind: .violation),
                    open(.high, 1, kind: .mapped, source: "plant"), open(.high, 2, kind: .mapped, source: "site"),
                ])
            // Changed findings are counted in their current state.
            let changed = [
                entry("2", kind: .violation, recordState: .archived, severity: .high), entry("3", severity: .medium),
                entry("9", kind: .mapped, recordState: .archived, severity: .high, report: report("plant")),
            ]
            try await store.complete(lease, recording: changed, now: 1)
            #expect(
                Set(try await store.openFindings().filter { $0.accountRegion == accountRegions[0] }) == [
                    open(.critical, 1), open(.medium, 1), open(nil, 1),
                    open(.high, 2, kind: .mapped, source: "site"),
                ])
            #expect(try await store.verify() == [])
        }
    }

    @Test(arguments: StoreKind.all) func unsentFindingsAreCountedSeparately(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let entries = [
                entry("1"), entry("2"), entry("3", isSent: false), entry("4", recordState: .archived, isSent: false),
                entry("5", severity: .low, isSent: false),
                entry("6", of: accountRegions[1], severity: nil, isSent: false),
            ]
            try await store.record(LedgerUpdate(entries: entries), under: lease)
            let found = [
                OpenFindings(accountRegion: accountRegions[0], kind: .audit, severity: .high, count: 2, unsent: 2),
                OpenFindings(accountRegion: accountRegions[0], kind: .audit, severity: .low, count: 0, unsent: 1),
                OpenFindings(accountRegion: accountRegions[1], kind: .audit, severity: nil, count: 0, unsent: 1),
            ]
            #expect(try await Set(store.openFindings()) == Set(found))
            try await store.record(LedgerUpdate(sent: ["3": 2, "4": 2, "5": 2, "6": 2]), under: lease)
            #expect(
                try await Set(store.openFindings()) == [
                    OpenFindings(accountRegion: accountRegions[0], kind: .audit, severity: .high, count: 3),
                    OpenFindings(accountRegion: accountRegions[0], kind: .audit, severity: .low, count: 1),
                    OpenFindings(accountRegion: accountRegions[1], kind: .audit, severity: nil, count: 1),
                ])
        }
    }

    @Test(arguments: StoreKind.all) func countsFollowEveryChangeOfTheLedger(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            func counts() async throws -> [Int] {
                let counts = try await store.ledgerCounts()
                return [counts.active, counts.archived, counts.unsent]
            }
            let entries = [
                entry("a"), entry("b", condition: .over, recordState: .archived), entry("c", isSent: false),
                entry("d", of: accountRegions[1], severity: nil),
            ]
            try await store.record(LedgerUpdate(entries: entries), under: lease)
            #expect(try await counts() == [2, 1, 1])
            try await store.record(LedgerUpdate(entries: [entry("a", of: accountRegions[1])]), under: lease)
            #expect(try await Set(store.openFindings().map(\.accountRegion)) == Set(accountRegions[..<2]))
            try await store.record(LedgerUpdate(rejected: ["c"]), under: lease)
            #expect(try await counts() == [2, 1, 0])
            try await store.restore([entry("a", isSent: false), entry("e")], [])
            #expect(try await counts() == [3, 1, 0])
            #expect(try await store.purgeLedger(archivedBefore: 100) == 1)
            try await store.clearLedger(of: accountRegions[1])
            #expect(try await counts() == [1, 0, 0])
            #expect(try await store.verify() == [])
            try await store.run("UPDATE finding_count SET count = count + 1")
            let problems = try await store.verify()
            #expect(
                problems.count == 2 && problems.allSatisfy { $0.hasPrefix("The finding counters of") }, "\(problems)")
        }
    }
}

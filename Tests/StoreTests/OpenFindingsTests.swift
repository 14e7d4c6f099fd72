import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct OpenFindingsTests {
    @Test(arguments: StoreKind.all) func activeFindingsAreCountedByAccountRegionAndSeverity(kind: StoreKind)
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
            ]
            try await store.record(LedgerUpdate(entries: entries), under: lease)
            func open(_ severity: LedgerEntry.Severity?, _ count: Int, of number: Int = 0) -> OpenFindings {
                OpenFindings(accountRegion: accountRegions[number], severity: severity, count: count)
            }
            #expect(
                Set(try await store.openFindings()) == [
                    open(.critical, 1), open(.high, 2), open(nil, 1), open(.high, 1, of: 1),
                    open(.informational, 1, of: 1),
                ])
            // Changed findings are counted in their current state.
            let changed = [entry("2", recordState: .archived, severity: .high), entry("3", severity: .medium)]
            try await store.complete(lease, recording: changed, now: 1)
            #expect(
                Set(try await store.openFindings().filter { $0.accountRegion == accountRegions[0] }) == [
                    open(.critical, 1), open(.medium, 1), open(nil, 1),
                ])
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
                OpenFindings(accountRegion: accountRegions[0], severity: .high, count: 2, unsent: 2),
                OpenFindings(accountRegion: accountRegions[0], severity: .low, count: 0, unsent: 1),
                OpenFindings(accountRegion: accountRegions[1], severity: nil, count: 0, unsent: 1),
            ]
            #expect(try await Set(store.openFindings()) == Set(found))
            try await store.record(LedgerUpdate(sent: ["3": 2, "4": 2, "5": 2, "6": 2]), under: lease)
            #expect(
                try await Set(store.openFindings()) == [
                    OpenFindings(accountRegion: accountRegions[0], severity: .high, count: 3),
                    OpenFindings(accountRegion: accountRegions[0], severity: .low, count: 1),
                    OpenFindings(accountRegion: accountRegions[1], severity: nil, count: 1),
                ])
        }
    }

    @Test(arguments: StoreKind.all) func aSeverityIsAddedOnlyWhereThereIsNone(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let entries = [
                entry("a", severity: nil), entry("b", severity: nil), entry("c", severity: .low),
                entry("d", recordState: .archived, severity: nil),
            ]
            try await store.complete(store.leaseNew(1).lease, recording: entries, now: 1)
            #expect(Set(try await store.unlabeledLedgerEntries(limit: 1000)) == Set(entries[..<2]))
            #expect(try await store.unlabeledLedgerEntries(limit: 1).count == 1)
            try await store.label(["a": .critical, "c": .critical, "e": .critical, "b\u{0}": .critical])
            let found = try await store.ledgerEntries(ids: ["a", "b", "c"]).mapValues(\.severity)
            #expect(found == ["a": .critical, "b": nil, "c": .low])
            #expect(try await store.unlabeledLedgerEntries(limit: 1000) == [entries[1]])
            #expect(await failure { _ = try await store.unlabeledLedgerEntries(limit: 0) } == .invalidValue)
        }
    }
}

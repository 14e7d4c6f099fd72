import AWSCore
import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Findings of mapped sources in the ledger.
@Suite struct MappedFindingTests {
    private func mapped(
        _ id: String, of accountRegion: AccountRegion = accountRegions[0], source: String = "nozomi",
        group: String = "", reportedAt: Timestamp = 10, sequence: Int64 = 1,
        condition: LedgerEntry.Condition = .present
    ) -> LedgerEntry {
        entry(
            id, of: accountRegion, kind: .mapped, group: source + group, condition: condition,
            report: SourceReport(source: source, lastReportedAt: reportedAt, sequence: sequence))
    }

    private func record(_ update: LedgerUpdate, in store: any TestedStore, _ number: Int = 1) async throws {
        let lease = try await store.leaseNew(number).lease
        try await store.record(update, under: lease)
        _ = try await store.complete([lease], now: 1)
    }

    @Test(arguments: StoreKind.all) func reportsAreKeptWithTheFinding(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let (one, other) = (mapped("a", group: "/g"), entry("b"))
            try await record(LedgerUpdate(entries: [one, other]), in: store)
            #expect(try await store.ledgerEntries(ids: ["a", "b"]) == ["a": one, "b": other])
            #expect(try await store.ledgerGroups(of: accountRegions[0], kind: .mapped) == ["nozomi/g"])
            #expect(try await store.verify() == [])
        }
    }

    @Test(arguments: StoreKind.all) func aReportThatChangesNothingElseIsRecordedAlone(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let one = mapped("a")
            try await record(LedgerUpdate(entries: [one]), in: store)
            let report = SourceReport(source: "nozomi", lastReportedAt: 99, sequence: 7)
            let reported = LedgerEntry(
                id: "a", accountRegion: one.accountRegion, kind: .mapped, group: "other", subject: "other",
                createdAt: 50, updatedAt: 50, eventTime: 60, firstObservedAt: 50, lastObservedAt: 70, condition: .over,
                recordState: .archived, severity: .low, finding: [1], report: report, isSent: false)
            let unknown = mapped("unknown")
            try await record(LedgerUpdate(reports: [reported, unknown]), in: store, 2)
            let stored = try await store.ledgerEntries(ids: ["a", "unknown"])
            let expected = LedgerEntry(
                id: "a", accountRegion: one.accountRegion, kind: .mapped, group: one.group, subject: one.subject,
                createdAt: one.createdAt, updatedAt: one.updatedAt, eventTime: 60,
                firstObservedAt: one.firstObservedAt, lastObservedAt: 70, condition: .present, recordState: .active,
                severity: one.severity, finding: one.finding, report: report, isSent: true)
            #expect(stored == ["a": expected])
        }
    }

    @Test(arguments: StoreKind.all) func openFindingsOfASourceAreListedInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let open = (0..<5).map { mapped("\($0)", group: "/\($0 % 2)", reportedAt: 10 + $0) }
            let others = [
                mapped("over", condition: .over), mapped("late", reportedAt: 100), entry("audit"),
                mapped("elsewhere", of: accountRegions[1]), mapped("other", source: "nozomi-2"),
                mapped("another", source: "nozo"),
            ]
            try await record(LedgerUpdate(entries: open + others), in: store)
            var found: [String] = []
            var last: LedgerRow?
            repeat {
                let page = try await store.openLedgerRows(
                    of: accountRegions[0], source: "nozomi", reportedBefore: 100, after: last, limit: 2)
                found += page.map(\.entry.id)
                last = page.last
            } while last != nil
            #expect(found == open.map(\.id))
            let early = try await store.openLedgerRows(
                of: accountRegions[0], source: "nozomi", reportedBefore: 11, after: nil, limit: 10)
            #expect(early.map(\.entry) == [open[0]])
            #expect(
                try await store.openLedgerRows(
                    of: accountRegions[0], source: "'", reportedBefore: 100, after: nil, limit: 10) == [])
        }
    }
}

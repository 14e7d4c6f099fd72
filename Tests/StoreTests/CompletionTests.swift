import AWSCore
import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct CompletionTests {
    private func completion(
        _ check: String, _ completedAt: Timestamp, passedAt: Timestamp? = nil,
        of accountRegion: AccountRegion = accountRegions[0]
    ) -> CheckCompletion {
        CheckCompletion(accountRegion: accountRegion, check: check, completedAt: completedAt, passedAt: passedAt)
    }

    @Test(arguments: StoreKind.all) func theTimesOfACheckOnlyIncrease(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            let steps: [(told: CheckCompletion, known: CheckCompletion)] = [
                (completion("A", 5), completion("A", 5)), (completion("A", 3), completion("A", 5)),
                (completion("A", 4, passedAt: 4), completion("A", 5, passedAt: 4)),
                (completion("A", 9), completion("A", 9, passedAt: 4)),
                (completion("A", 2, passedAt: 2), completion("A", 9, passedAt: 4)),
                (completion("A", 11, passedAt: 11), completion("A", 11, passedAt: 11)),
            ]
            var merged: CheckCompletion?
            for (told, known) in steps {
                try await store.record(LedgerUpdate(completions: [told]), under: lease)
                #expect(try await store.checkCompletions(of: accountRegions[0]) == ["A": known])
                merged = told.merged(with: merged)
                #expect(merged == known)
            }
            try await store.record(
                LedgerUpdate(completions: [completion("B", 1), completion("A", 1, of: accountRegions[1])]), under: lease
            )
            #expect(try await store.checkCompletions(of: accountRegions[0]).keys.sorted() == ["A", "B"])
            #expect(
                try await store.checkCompletions(of: accountRegions[1]) == [
                    "A": completion("A", 1, of: accountRegions[1])
                ])
            #expect(
                await failure { try await store.record(LedgerUpdate(completions: [completion("", 1)]), under: lease) }
                    == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func auditCoverageIsASpanWithoutGaps(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            #expect(try await store.auditCoverage(of: accountRegions[0]) == nil)
            let steps: [(read: ClosedRange<Timestamp>, known: ClosedRange<Timestamp>)] = [
                (10...20, 10...20), (15...30, 10...30), (30...40, 10...40), (12...35, 10...40), (5...45, 5...45),
                // A gap.
                (46...50, 46...50), (40...60, 40...60),
            ]
            for (read, known) in steps {
                try await store.record(
                    AuditCoverage(since: read.lowerBound, until: read.upperBound), of: accountRegions[0],
                    [completion("A", read.lowerBound)])
                let found = try await store.auditCoverage(of: accountRegions[0])
                #expect(found == AuditCoverage(since: known.lowerBound, until: known.upperBound), "\(read)")
            }
            #expect(try await store.checkCompletions(of: accountRegions[0])["A"]?.completedAt == 46)
            #expect(try await store.auditCoverage(of: accountRegions[1]) == nil)
            #expect(try await store.verify() == [])
            try await store.clearLedger(of: accountRegions[1])
            #expect(try await store.auditCoverage(of: accountRegions[0]) != nil)
            // After the ledger is cleared, its completions are gone.
            try await store.clearLedger(of: accountRegions[0])
            #expect(try await store.auditCoverage(of: accountRegions[0]) == nil)
            #expect(try await store.checkCompletions(of: accountRegions[0]).isEmpty)
            try await store.record(AuditCoverage(since: 1, until: 2), of: accountRegions[0], [completion("A", 1)])
            try await store.run("UPDATE audit_coverage SET origin = 'nowhere'")
            try await store.run("UPDATE check_completion SET origin = 'nowhere'")
            #expect(try await store.verify().count == 2)
        }
    }

    @Test(arguments: StoreKind.all) func groupsAreThoseOfFindingsThatAreNotOver(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            #expect(try await store.ledgerGroups(of: accountRegions[0], kind: .audit).isEmpty)
            let entries =
                (0..<30).map { entry("a\($0)", group: "B") } + [
                    entry("b", group: "A", condition: .suppressed, recordState: .archived), entry("c", group: "D"),
                    entry("d", group: "C", condition: .over), entry("e", kind: .summary, group: "E"),
                    entry("f", of: accountRegions[1], group: "F"),
                ]
            try await store.record(LedgerUpdate(entries: entries), under: store.leaseNew(1).lease)
            #expect(try await store.ledgerGroups(of: accountRegions[0], kind: .audit) == ["A", "B", "D"])
            #expect(try await store.ledgerGroups(of: accountRegions[0], kind: .summary) == ["E"])
            #expect(try await store.ledgerGroups(of: accountRegions[1], kind: .violation).isEmpty)
        }
    }
}

import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import Store

/// The triggers of PostgreSQL that keep the numbers of findings.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"), .timeLimit(.minutes(15)))
struct FindingCountTests {
    @Test func transactionsThatChangeTheSameNumbersWaitForEachOther() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let leased = [try await store.leaseNew(1), try await store.leaseNew(2)]
                try await withThrowingDiscardingTaskGroup { group in
                    for (place, leased) in leased.enumerated() {
                        let severities: [LedgerEntry.Severity] = place == 0 ? [.low, .high] : [.high, .low]
                        group.addTask {
                            for round in 0..<50 {
                                // The first statements change one number, the others the other number.
                                let new = entry("\(place) \(round)", severity: severities[0], isSent: true)
                                let old = entry("\(place) old \(round)", severity: severities[1], isSent: true)
                                try await store.restore([old], [])
                                try await store.record(
                                    LedgerUpdate(entries: [new], rejected: [old.id]), under: leased.lease)
                            }
                        }
                    }
                }
                #expect(
                    Set(try await store.openFindings()) == [
                        OpenFindings(accountRegion: accountRegions[0], kind: .audit, severity: .low, count: 50),
                        OpenFindings(accountRegion: accountRegions[0], kind: .audit, severity: .high, count: 50),
                    ])
                #expect(try await store.verify() == [])
            }
            let database = databaseName(of: url)
            let cluster = try await PostgreSQLCluster.shared.get()
            // Sessions report deadlocks when they end.
            try await eventually("the sessions to end") {
                try await cluster.run("SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)'") == ["0"]
            }
            #expect(
                try await cluster.run("SELECT deadlocks FROM pg_stat_database WHERE datname = '\(database)'") == ["0"])
        }
    }

    @Test func updatesThatChangeNoNumberWriteNone() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let leased = try await store.leaseNew(1)
                try await store.record(LedgerUpdate(entries: [entry("a"), entry("b")]), under: leased.lease)
                let cluster = try await PostgreSQLCluster.shared.get()
                let version = "SELECT xmin FROM finding_count"
                let before = try await cluster.run(version, in: databaseName(of: url))
                #expect(before.count == 1)
                try await store.record(
                    LedgerUpdate(
                        entries: [entry("a", updatedAt: 9), entry("c", severity: nil)], rejected: ["d"],
                        dispositions: [disposition("SUBJECT")]), under: leased.lease)
                #expect(
                    try await cluster.run(version, in: databaseName(of: url)).filter { before.contains($0) } == before)
                #expect(try await store.verify() == [])
            }
        }
    }
}

import GRDB
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// The query plans of SQLite for statements that run on large stores.
@Suite struct QueryPlanTests {
    private func plan(_ sql: String, in store: SQLiteStore) async throws -> [String] {
        try await store.pool.writeWithoutTransaction { db in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            // The plan does not depend on values.
            statement.setUncheckedArguments(StatementArguments())
            return try Row.fetchAll(statement).map { $0["detail"] }
        }
    }

    @Test func readyDeliveriesAreFoundThroughTheIndexInItsOrder() async throws {
        try await withStore { store async throws in
            let steps = try await plan(SQLiteQueueSQL.ready, in: store)
            #expect(
                steps == [
                    "SEARCH delivery USING INDEX delivery_ready (origin=? AND ready_at<?)",
                    "SEARCH payload USING INTEGER PRIMARY KEY (rowid=?)",
                ])
        }
    }

    @Test func accountRegionsAreFoundByStepsThroughTheIndex() async throws {
        try await withStore { store async throws in
            let steps = try await plan(SQLiteQueueSQL.lanes, in: store)
            let onDeliveries = steps.filter { $0.contains(" delivery") }
            #expect(onDeliveries.count == 4)
            #expect(onDeliveries.allSatisfy { $0.hasPrefix("SEARCH delivery USING COVERING INDEX delivery_ready") })
        }
    }

    @Test func openFindingsOfASourceAreFoundThroughTheirGroups() async throws {
        try await withStore { store async throws in
            let steps = try await plan(LedgerQueries.openOfSource.sqlite, in: store)
            #expect(!steps.contains { $0.hasPrefix("SCAN") }, "\(steps)")
            #expect(
                steps.contains { $0.hasPrefix("SEARCH finding USING INDEX finding_open (finding_group=?") }, "\(steps)")
        }
    }

    @Test func theNextAccountRegionIsFoundByStepsThroughIndexes() async throws {
        try await withStore { store async throws in
            let steps = try await plan(SQLiteDepthSQL.nextLane, in: store).filter { $0.contains(" delivery") }
            #expect(steps.count == 2)
            #expect(steps.allSatisfy { $0.hasPrefix("SEARCH delivery USING COVERING INDEX delivery_") }, "\(steps)")
        }
    }

    @Test(arguments: [
        QueueSQL.isHeld.sqlite, SQLiteQueueSQL.lease, SQLiteQueueSQL.extend, QueueSQL.checkpoint.sqlite,
        SQLiteQueueSQL.complete, QueueSQL.oldestUnfinished.sqlite,
        SQLiteQueueSQL.deletePayload,
        SQLiteQueueSQL.retry,
        SQLiteQueueSQL.release, QueueSQL.purge.sqlite, SQLiteQueueSQL.deadLetter, DeadLetterSQL.list.sqlite,
        DeadLetterSQL.summaries.sqlite, DeadLetterSQL.record.sqlite,
        DeadLetterSQL.requeue.sqlite,
        DeadLetterSQL.discard.sqlite, LedgerSQL.sent.sqlite, LedgerSQL.report.sqlite, LedgerSQL.delete.sqlite,
        LedgerWriter.find, LedgerSQL.forgetDigests.sqlite, LedgerSQL.groupNumbers.sqlite,
        LedgerQueries.byID.sqlite, LedgerQueries.byNumber.sqlite, LedgerQueries.about.sqlite,
        LedgerQueries.open.sqlite, LedgerQueries.stale.sqlite, LedgerQueries.unsent.sqlite,
        LedgerQueries.groups.sqlite, LedgerQueries.listing.sqlite, RebuildingSQL.clear.sqlite,
        DispositionSQL.bySubject.sqlite, DispositionSQL.ofAccountRegion.sqlite, DispositionSQL.due.sqlite,
        DispositionSQL.purge.sqlite,
        AppliedAuditSQL.ofAccountRegion.sqlite,
        CompletionSQL.ofAccountRegion.sqlite, CompletionSQL.coverage.sqlite,
        SubscriptionSQL.byTopic.sqlite, SubscriptionSQL.list.sqlite, DeadLetterSQL.byID.sqlite, SQLiteDepthSQL.queued,
        SQLiteDepthSQL.dead,
        DeadLetterLimitSQL.sharesBySequence.sqlite, DeadLetterLimitSQL.sharesByID.sqlite,
        DeadLetterLimitSQL.removeEmptyShare.sqlite,
        DeadLetterLimitSQL.largestByCount.sqlite, DeadLetterLimitSQL.largestByBytes.sqlite,
        DeadLetterLimitSQL.oldest.sqlite,
        DeadLetterLimitSQL.expired.sqlite, DeadLetterLimitSQL.drop.sqlite,
        VerificationSQL.deliveries.sqlite, VerificationSQL.findings.sqlite, VerificationSQL.dispositions.sqlite,
        PauseSQL.delete.sqlite,
    ])
    func noStatementScansATableOrSorts(sql: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(!steps.isEmpty)
            #expect(!steps.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(steps)")
        }
    }

    @Test(arguments: [DeadLetterSQL.newest.sqlite])
    func frequentStatementsDoNotSort(sql: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
        }
    }

    @Test func unchangedFindingsAreFoundInAnIndexAlone() async throws {
        try await withStore { store async throws in
            let steps = try await plan(LedgerQueries.unchanged.sqlite, in: store).filter { $0.contains(" finding ") }
            #expect(
                steps == [
                    "SEARCH finding USING COVERING INDEX finding_digest (account_region=? AND digest=? AND is_sent=?)"
                ])
            let open = try await plan(LedgerQueries.open.sqlite, in: store).filter { $0.contains(" finding ") }
            #expect(open.count == 1 && open[0].hasPrefix("SEARCH finding USING COVERING INDEX finding_open"), "\(open)")
        }
    }

    @Test func findingsToDeleteAreFoundThroughTheIndexOfTheirAge() async throws {
        try await withStore { store async throws in
            let steps = try await plan(LedgerSQL.purge.sqlite, in: store)
            #expect(
                steps.contains { $0.hasPrefix("SEARCH finding USING INDEX finding_age (account_region=?") }, "\(steps)")
        }
    }

    @Test(arguments: [OpenFindingsSQL.bySource.sqlite, OpenFindingsSQL.total.sqlite])
    func countsReadNoFinding(sql: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(!steps.isEmpty && !steps.contains { $0.contains(" finding ") }, "\(steps)")
        }
    }

    @Test(arguments: [
        (SQLiteMaintenanceSQL.queued, "delivery_ready"), (MaintenanceSQL.completed, "delivery_completed"),
        (MaintenanceSQL.dead, "delivery_dead"),
        (SQLiteDepthSQL.queued, "delivery_ready"), (SQLiteDepthSQL.dead, "delivery_dead_origin"),
        (QueueSQL.completionTime.sqlite, "delivery_completed"),
        (DeadLetterLimitSQL.oldestFailure.sqlite, "delivery_dead"),
        (DeadLetterSQL.newest.sqlite, "delivery_dead"),
    ])
    func countsGoThroughAnIndex(sql: String, index: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(steps.first?.contains("INDEX \(index)") == true, "\(steps)")
        }
    }
}

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
            let steps = try await plan(SQLiteQueueSQL.accountRegions, in: store)
            let onDeliveries = steps.filter { $0.contains(" delivery") }
            #expect(onDeliveries.count == 4)
            #expect(onDeliveries.allSatisfy { $0.hasPrefix("SEARCH delivery USING COVERING INDEX delivery_ready") })
        }
    }

    @Test func theNextAccountRegionIsFoundByStepsThroughIndexes() async throws {
        try await withStore { store async throws in
            let steps = try await plan(SQLiteDepthSQL.nextAccountRegion, in: store).filter { $0.contains(" delivery") }
            #expect(steps.count == 2)
            #expect(steps.allSatisfy { $0.hasPrefix("SEARCH delivery USING COVERING INDEX delivery_") }, "\(steps)")
        }
    }

    @Test(arguments: [
        QueueSQL.isHeld.sqlite, SQLiteQueueSQL.lease, SQLiteQueueSQL.extend, QueueSQL.checkpoint.sqlite,
        SQLiteQueueSQL.complete,
        SQLiteQueueSQL.deletePayload,
        SQLiteQueueSQL.retry,
        SQLiteQueueSQL.release, QueueSQL.purge.sqlite, SQLiteQueueSQL.deadLetter, DeadLetterSQL.list.sqlite,
        DeadLetterSQL.requeue.sqlite,
        DeadLetterSQL.discard.sqlite, LedgerSQL.byID.sqlite, LedgerSQL.sent.sqlite, LedgerSQL.delete.sqlite,
        LedgerSQL.about.sqlite, LedgerSQL.unseen.sqlite,
        LedgerSQL.stale.sqlite, LedgerSQL.unsent.sqlite, LedgerSQL.purge.sqlite,
        DispositionSQL.bySubject.sqlite, DispositionSQL.ofAccountRegion.sqlite, DispositionSQL.due.sqlite,
        DispositionSQL.purge.sqlite,
        AppliedAuditSQL.ofAccountRegion.sqlite,
        CompletionSQL.ofAccountRegion.sqlite, CompletionSQL.coverage.sqlite,
        SubscriptionSQL.byTopic.sqlite, SubscriptionSQL.list.sqlite, DeadLetterSQL.byID.sqlite, SQLiteDepthSQL.queued,
        SQLiteDepthSQL.dead,
        OpenFindingsSQL.unlabeled.sqlite, OpenFindingsSQL.label.sqlite,
        DeadLetterLimitSQL.sharesBySequence.sqlite, DeadLetterLimitSQL.sharesByID.sqlite,
        DeadLetterLimitSQL.removeEmptyShare.sqlite,
        DeadLetterLimitSQL.largestByCount.sqlite, DeadLetterLimitSQL.largestByBytes.sqlite,
        DeadLetterLimitSQL.oldest.sqlite,
        DeadLetterLimitSQL.expired.sqlite, DeadLetterLimitSQL.drop.sqlite,
        VerificationSQL.deliveries.sqlite, VerificationSQL.ledger.sqlite, VerificationSQL.dispositions.sqlite,
        PauseSQL.delete.sqlite,
    ])
    func noStatementScansATableOrSorts(sql: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(!steps.isEmpty)
            #expect(!steps.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(steps)")
        }
    }

    @Test(arguments: [OpenFindingsSQL.active, DeadLetterSQL.newest.sqlite])
    func frequentStatementsDoNotSort(sql: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
        }
    }

    @Test(arguments: [
        (SQLiteMaintenanceSQL.queued, "delivery_ready"), (MaintenanceSQL.completed, "delivery_completed"),
        (MaintenanceSQL.dead, "delivery_dead"), (MaintenanceSQL.active, "ledger_active"),
        (MaintenanceSQL.archived, "ledger_archived"),
        (SQLiteDepthSQL.queued, "delivery_ready"), (SQLiteDepthSQL.dead, "delivery_dead_origin"),
        (QueueSQL.completionTime.sqlite, "delivery_completed"),
        (DeadLetterLimitSQL.oldestFailure.sqlite, "delivery_dead"),
        (OpenFindingsSQL.active, "ledger_active_severity"), (MaintenanceSQL.unsent, "ledger_unsent"),
        (DeadLetterSQL.newest.sqlite, "delivery_dead"),
    ])
    func countsGoThroughAnIndex(sql: String, index: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(steps.first?.contains("INDEX \(index)") == true, "\(steps)")
        }
    }
}

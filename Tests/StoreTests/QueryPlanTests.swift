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
            let steps = try await plan(QueueSQL.ready, in: store)
            #expect(
                steps == [
                    "SEARCH delivery USING INDEX delivery_ready (origin=? AND ready_at<?)",
                    "SEARCH payload USING INTEGER PRIMARY KEY (rowid=?)",
                ])
        }
    }

    @Test func accountRegionsAreFoundByStepsThroughTheIndex() async throws {
        try await withStore { store async throws in
            let steps = try await plan(QueueSQL.accountRegions, in: store)
            let onDeliveries = steps.filter { $0.contains(" delivery") }
            #expect(onDeliveries.count == 4)
            #expect(onDeliveries.allSatisfy { $0.hasPrefix("SEARCH delivery USING COVERING INDEX delivery_ready") })
        }
    }

    @Test func theNextAccountRegionIsFoundByStepsThroughIndexes() async throws {
        try await withStore { store async throws in
            let steps = try await plan(DepthSQL.nextAccountRegion, in: store).filter { $0.contains(" delivery") }
            #expect(steps.count == 2)
            #expect(steps.allSatisfy { $0.hasPrefix("SEARCH delivery USING COVERING INDEX delivery_") }, "\(steps)")
        }
    }

    @Test(arguments: [
        QueueSQL.isHeld, QueueSQL.lease, QueueSQL.extend, QueueSQL.checkpoint, QueueSQL.complete,
        QueueSQL.deletePayload,
        QueueSQL.retry,
        QueueSQL.release, QueueSQL.purge, DeadLetterSQL.deadLetter, DeadLetterSQL.list, DeadLetterSQL.requeue,
        DeadLetterSQL.discard, LedgerSQL.byID, LedgerSQL.sent, LedgerSQL.delete, LedgerSQL.about, LedgerSQL.unseen,
        LedgerSQL.stale, LedgerSQL.unsent, LedgerSQL.purge,
        DispositionSQL.bySubject, DispositionSQL.ofAccountRegion, DispositionSQL.due, DispositionSQL.purge,
        AppliedAuditSQL.ofAccountRegion,
        CompletionSQL.ofAccountRegion, CompletionSQL.coverage,
        SubscriptionSQL.byTopic, SubscriptionSQL.list, DeadLetterSQL.byID, DepthSQL.queued, DepthSQL.dead,
        OpenFindingsSQL.unlabeled, OpenFindingsSQL.label,
        DeadLetterLimitSQL.loadBySequence, DeadLetterLimitSQL.loadByID, DeadLetterLimitSQL.removeEmptyShare,
        DeadLetterLimitSQL.largestByCount, DeadLetterLimitSQL.largestByBytes, DeadLetterLimitSQL.oldest,
        DeadLetterLimitSQL.expired, DeadLetterLimitSQL.drop,
        VerificationSQL.deliveries, VerificationSQL.ledger, VerificationSQL.dispositions, PauseSQL.delete,
    ])
    func noStatementScansATableOrSorts(sql: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(!steps.isEmpty)
            #expect(!steps.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(steps)")
        }
    }

    @Test(arguments: [OpenFindingsSQL.current, DeadLetterSQL.newest])
    func frequentStatementsDoNotSort(sql: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
        }
    }

    @Test(arguments: [
        (MaintenanceSQL.queued, "delivery_ready"), (MaintenanceSQL.completed, "delivery_completed"),
        (MaintenanceSQL.dead, "delivery_dead"), (MaintenanceSQL.active, "ledger_active"),
        (MaintenanceSQL.archived, "ledger_archived"),
        (DepthSQL.queued, "delivery_ready"), (DepthSQL.dead, "delivery_dead_origin"),
        (QueueSQL.completionTime, "delivery_completed"), (DeadLetterLimitSQL.oldestFailure, "delivery_dead"),
        (OpenFindingsSQL.current, "ledger_active_severity"), (MaintenanceSQL.unsent, "ledger_unsent"),
        (DeadLetterSQL.newest, "delivery_dead"),
    ])
    func countsGoThroughAnIndex(sql: String, index: String) async throws {
        try await withStore { store async throws in
            let steps = try await plan(sql, in: store)
            #expect(steps.first?.contains("INDEX \(index)") == true, "\(steps)")
        }
    }
}

import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// The plans of PostgreSQL's statements.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"), .timeLimit(.minutes(15)))
struct PostgreSQLPlanTests {
    /// The parameter types that cannot be inferred from the statement.
    private static let types = [
        QueueWrites.finish:
            "(bigint[], bigint[], text[], text[], bigint[], bool[], bigint[], text[], bigint[], bool)",
        LeaseSQL.count: "(text[], bigint, bigint)", LeaseSQL.lease: "(text[], bigint[], bigint, bigint, text)",
        LeaseSQL.next: "(text[])", LedgerSQL.sent.postgreSQL: "(bytea[], bigint[])",
        DeadLetterSQL.list.postgreSQL: "(bigint, text, bigint, text, text, text, text, text, bigint)",
        PostgreSQLStore.depths: "(text, bigint, bigint)",
        DeadLetterLimitSQL.removeEmptyShare.postgreSQL: "(text[], text[])",
        LedgerQueries.unchanged.postgreSQL: "(text, bytea[])",
        LedgerSQL.report.postgreSQL: "(bytea[], bigint[], bigint[], bigint[], bigint[])",
        LedgerSQL.addAccountRegion.postgreSQL: "(text[])",
        LedgerSQL.addGroup.postgreSQL: "(text[], text[], text[])", LedgerSQL.upsert.postgreSQL: upsertTypes,
        LedgerSQL.restore.postgreSQL: upsertTypes, LedgerSQL.upsertContent.postgreSQL: "(bytea[], bytea[])",
        LedgerSQL.restoreContent.postgreSQL: "(bytea[], bytea[])",
    ]

    private static let upsertTypes = """
        (bytea[], text[], text[], text[], bytea[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], text[], text[],
        bigint[], bytea[], text[], bigint[], bigint[])
        """

    @Test(arguments: [
        QueueWrites.finish, LeaseSQL.count, LeaseSQL.lease, LeaseSQL.next, QueueSQL.isHeld.postgreSQL,
        QueueSQL.purge.postgreSQL, QueueSQL.checkpoint.postgreSQL, QueueSQL.oldestUnfinished.postgreSQL,
        PartitionSQL.endLeases,
        PartitionSQL.releasePartitions,
        LedgerQueries.byID.postgreSQL, LedgerQueries.byNumber.postgreSQL, LedgerQueries.about.postgreSQL,
        LedgerQueries.stale.postgreSQL, LedgerQueries.unsent.postgreSQL, LedgerQueries.open.postgreSQL,
        LedgerQueries.unchanged.postgreSQL, LedgerQueries.groups.postgreSQL, LedgerQueries.listing.postgreSQL,
        LedgerSQL.addAccountRegion.postgreSQL, LedgerSQL.addGroup.postgreSQL, LedgerSQL.upsert.postgreSQL,
        LedgerSQL.restore.postgreSQL, LedgerSQL.upsertContent.postgreSQL, LedgerSQL.restoreContent.postgreSQL,
        LedgerSQL.sent.postgreSQL, LedgerSQL.report.postgreSQL, LedgerQueries.openOfSource.postgreSQL,
        LedgerSQL.delete.postgreSQL, LedgerSQL.forgetDigests.postgreSQL,
        LedgerSQL.purge.postgreSQL, RebuildingSQL.clear.postgreSQL, VerificationSQL.findings.postgreSQL,
        DispositionSQL.bySubject.postgreSQL,
        DispositionSQL.ofAccountRegion.postgreSQL, DispositionSQL.due.postgreSQL, DispositionSQL.purge.postgreSQL,
        AppliedAuditSQL.ofAccountRegion.postgreSQL, DeadLetterSQL.list.postgreSQL, DeadLetterSQL.byID.postgreSQL,
        DeadLetterSQL.requeue.postgreSQL, DeadLetterSQL.discard.postgreSQL, PostgreSQLStore.depths,
        SubscriptionSQL.list.postgreSQL, PartitionSQL.partitions, DeadLetterLimitSQL.sharesBySequence.postgreSQL,
        DeadLetterLimitSQL.sharesByID.postgreSQL, DeadLetterLimitSQL.oldest.postgreSQL,
        DeadLetterLimitSQL.expired.postgreSQL,
        DeadLetterLimitSQL.drop.postgreSQL, PostgreSQLDeadLetterLimits.leased,
        DeadLetterLimitSQL.removeEmptyShare.postgreSQL, QueueSQL.completionTime.postgreSQL,
    ])
    func noStatementScansATableOrSortsIt(sql: String) async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let plan = try await plan(of: sql, store)
                // The tables of replicas and partitions have few rows, and so have the sorted results.
                let few = ["replica", "origin_holder", "queued", "known", "leased", "place"]
                let scans = plan.filter { $0.contains("Seq Scan on ") }
                    .filter { line in !few.contains { line.contains("Seq Scan on \($0)") } }
                #expect(scans == [], "\(plan.joined(separator: "\n"))")
                let isOrderedByIndex = ![
                    QueueWrites.finish, LeaseSQL.lease, PartitionSQL.partitions, PostgreSQLStore.depths,
                    LedgerSQL.addAccountRegion.postgreSQL, LedgerQueries.openOfSource.postgreSQL,
                ]
                .contains(sql)
                if isOrderedByIndex {
                    #expect(!plan.contains { $0.contains("Sort") }, "\(plan.joined(separator: "\n"))")
                }
            }
        }
    }

    @Test(arguments: [
        (LedgerQueries.open.postgreSQL, "finding_open"), (LedgerQueries.unchanged.postgreSQL, "finding_digest"),
    ])
    func whatAuditsReadOftenIsReadFromAnIndexOnly(sql: String, index: String) async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                for entries in [[], [entry("a")], (0..<500).map { entry("\($0)") }] {
                    try await store.restore(entries, [])
                    try await store.run("VACUUM ANALYZE finding")
                    let plan = try await plan(of: sql, store)
                    #expect(
                        plan.contains { $0.contains("Index Only Scan using \(index) on finding") },
                        "\(plan.joined(separator: "\n"))")
                    // The whole index is never compared with each given digest.
                    if let scan = plan.firstIndex(where: { $0.contains("Index Only Scan") }) {
                        #expect(plan[scan + 1].contains(" AND "), "\(plan.joined(separator: "\n"))")
                    }
                }
            }
        }
    }

    /// The plan of a statement whose values are not known.
    private func plan(of sql: String, _ store: PostgreSQLStore) async throws -> [String] {
        try await store.work.use(within: .seconds(9), repeats: false) { connection, _ in
            try await connection.runOnce("PREPARE statement\(Self.types[sql] ?? "") AS \(sql)")
            try await connection.runOnce("SET plan_cache_mode = force_generic_plan")
            let count = try await connection.run(
                "SELECT cardinality(parameter_types)::bigint AS count FROM pg_prepared_statements WHERE name = 'statement'"
            )
            let nulls = Array(repeating: "NULL", count: try count.rows.first?.count("count") ?? 0)
            let call = nulls.isEmpty ? "" : "(\(nulls.joined(separator: ", ")))"
            let rows = try await connection.run("EXPLAIN (COSTS OFF) EXECUTE statement\(call)")
            let plan = try rows.rows.map { try $0.text("QUERY PLAN") }
            try await connection.runOnce("DEALLOCATE statement")
            return plan
        }
    }
}

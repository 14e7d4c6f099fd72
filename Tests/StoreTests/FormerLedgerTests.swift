import AWSCore
import Encoding
import EventLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import Store

/// The migration of findings of an earlier version in PostgreSQL.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"), .timeLimit(.minutes(15)))
struct FormerLedgerTests {
    /// Runs SQL outside of a store.
    @discardableResult
    private func run(_ sql: String, _ url: String) async throws -> [String] {
        try await PostgreSQLCluster.shared.get().run(sql, in: databaseName(of: url))
    }

    /// Creates the tables of an earlier version.
    private func createFormerTables(_ url: String) async throws {
        let steps = PostgreSQLSchema.steps.prefix { $0.name != MigrationStep.findings }
        try await run(
            """
            CREATE TABLE bridge_migration (
                step text COLLATE "C" PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
            \(steps.map { "\($0.sql) INSERT INTO bridge_migration (step) VALUES ('\($0.name)');" }.joined())
            """, url)
    }

    private static let insertion = """
        INSERT INTO ledger (id, origin, kind, group_key, subject, created_at, updated_at, event_time, first_observed_at,
            last_observed_at, condition, record_state, severity, finding, is_sent)
        """

    /// Adds findings to the former table.
    private func insert(_ entries: [LedgerEntry], _ url: String) async throws {
        let rows = entries.map { entry in
            let times = [
                entry.createdAt, entry.updatedAt, entry.eventTime, entry.firstObservedAt, entry.lastObservedAt,
            ]
            let texts = [entry.id, entry.accountRegion.stored, entry.kind.rawValue, entry.group, entry.subject]
                .map { "'\($0)'" }
            let digits = entry.finding.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let severity = entry.severity.map { "'\($0.rawValue)'" } ?? "NULL"
            return """
                (\((texts + times.map { "\($0.milliseconds)" }).joined(separator: ", ")), '\(entry.condition.rawValue)',
                '\(entry.recordState.rawValue)', \(severity), '\\x\(digits)', \(entry.isSent ? 1 : 0))
                """
        }
        try await run("\(Self.insertion) VALUES \(rows.joined(separator: ", "))", url)
    }

    /// Adds findings with ids from `x00001` on to the former table.
    private func insertMany(_ count: Int, _ url: String) async throws {
        try await run(
            """
            \(Self.insertion)
            SELECT 'x' || lpad(number::text, 5, '0'), '\(accountRegions[0].stored)', 'audit', 'CHECK', 'S', 1, 2, 3, 4, 5,
                'present', 'active', 'HIGH', '\\x7b7d', 1
            FROM generate_series(1, \(count)) AS number
            """, url)
    }

    /// Findings of each kind and state.
    private static let entries = LedgerEntry.Kind.allCases.flatMap { kind in
        LedgerEntry.Condition.allCases.flatMap { condition in
            LedgerEntry.RecordState.allCases.flatMap { recordState in
                [true, false].map { isSent in
                    entry(
                        "\(kind) \(condition) \(recordState) \(isSent)",
                        of: manyAccountRegions[isSent ? 0 : 3], kind: kind, group: "G \(kind)",
                        subject: "S \(condition)",
                        condition: condition, recordState: recordState,
                        severity: LedgerEntry.Severity.allCases[isSent ? 1 : 3], isSent: isSent)
                }
            }
        }
    }

    @Test func findingsOfEachKindAndStateAreMoved() async throws {
        try await withDatabase { url in
            try await createFormerTables(url)
            let finding = Array(#"{"Id":"a","Severity":{"Label":"LOW","Original":"LOW"}}"#.utf8)
            let unlabeled = [
                entry("no severity", severity: nil, finding: finding), entry("no JSON", severity: nil, finding: [1]),
            ]
            try await insert(Self.entries + unlabeled + [entry("unreadable 1"), entry("unreadable 2")], url)
            try await run(
                """
                UPDATE ledger SET origin = 'nowhere' WHERE id = 'unreadable 1';
                UPDATE ledger SET kind = 'riddle' WHERE id = 'unreadable 2'
                """, url)
            for access in [StoreAccess.maintenance, .readOnly] {
                let code = await failure {
                    _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: url), access: access)
                }
                #expect(code == .outdated)
            }

            let events = Mutex<[StoreEvent]>([])
            let store = try await PostgreSQLStore(address: PostgreSQLAddress(url: url)) { event in
                guard case .migrated = event else { return }
                events.withLock { $0.append(event) }
            }
            try await withCleanup {
                let count = Self.entries.count + 4
                #expect(events.withLock { $0 } == [.migrated(findings: count, total: count)])
                let expected =
                    Self.entries + [
                        entry("no severity", severity: .low, finding: finding),
                        entry("no JSON", severity: nil, finding: [1]),
                    ]
                let moved = try await store.ledgerEntries(ids: (expected + unlabeled).map(\.id))
                #expect(moved == Dictionary(uniqueKeysWithValues: expected.map { ($0.id, $0) }))
                #expect(try await store.ledgerEntries(ids: ["unreadable 1", "unreadable 2"]).isEmpty)
                let counts = try await store.ledgerCounts()
                #expect(counts.active + counts.archived + counts.unsent == expected.count)
                #expect(try await store.verify() == [])
                #expect(try await run("SELECT to_regclass('ledger'), to_regclass('ledger_moved')", url) == [""])
            } cleanup: {
                await store.close()
            }
        }
    }

    @Test func aMoveWhoseConnectionIsLostContinues() async throws {
        try await withDatabase { url in
            try await createFormerTables(url)
            try await insertMany(2500, url)
            // Ends the session in the middle of the second batch.
            try await run(
                """
                CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END $$;
                CREATE TRIGGER fault BEFORE DELETE ON ledger FOR EACH ROW WHEN (OLD.id = 'x01500')
                    EXECUTE FUNCTION end_session()
                """, url)
            for _ in 0..<2 {
                let code = await failure { _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: url)) }
                #expect(code == .unavailable)
                #expect(try await run("SELECT count(*) FROM finding", url) == ["1000"])
                #expect(try await run("SELECT count(*) FROM ledger_moved", url) == ["1500"])
            }
            for access in [StoreAccess.maintenance, .readOnly] {
                let code = await failure {
                    _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: url), access: access)
                }
                #expect(code == .outdated)
            }
            try await PostgreSQLStore.dryRunMigration(PostgreSQLAddress(url: url))

            try await run("DROP TRIGGER fault ON ledger_moved", url)
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<3 {
                    group.addTask {
                        try await withStore(url) { store async throws in
                            #expect(try await store.ledgerCounts() == LedgerCounts(active: 2500))
                            #expect(try await store.verify() == [])
                        }
                    }
                }
            }
        }
    }

    @Test func aMoveWhoseProcessIsKilledContinues() async throws {
        try await withDatabase { url in
            try await createFormerTables(url)
            try await insertMany(12_000, url)
            let url = url
            await #expect(processExitsWith: .signal(SIGKILL)) { [url = url as String] in
                _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: url)) { event in
                    if case .migrated = event { kill(getpid(), SIGKILL) }
                }
            }
            let moved = try await run("SELECT count(*) FROM finding", url).first.flatMap { Int($0) } ?? 0
            #expect((10_000...12_000).contains(moved))
            try await withStore(url) { store async throws in
                #expect(try await store.ledgerCounts() == LedgerCounts(active: 12_000))
            }
        }
    }

    /// The SQLSTATE of the error that the body throws.
    private func state(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? PostgreSQLError)?.state
        }
    }

    @Test func aReplicaOfAnEarlierVersionFailsWithoutLosingWhatItWrote() async throws {
        try await withDatabase { url in
            try await createFormerTables(url)
            try await withEventLoop { loop in
                let former = try await PostgreSQLConnection.open(PostgreSQLAddress(url: url), on: loop)
                func write(_ id: String) async throws {
                    let sql = """
                        \(Self.insertion) VALUES ($1, '\(accountRegions[0].stored)', 'audit', 'G', 'S', 1, 2, 3, 4, 5,
                            'present', 'active', 'HIGH', '\\x7b7d', 1)
                        """
                    _ = try await former.run(sql, [.text(id)])
                }
                func read() async throws -> [String] {
                    try await former.run("SELECT id FROM ledger ORDER BY id").rows.map { try $0.text("id") }
                }
                await former.setTimeout(.seconds(60))
                try await write("a")
                #expect(try await read() == ["a"])
                // The migration waits for a transaction that has written.
                _ = try await former.run("BEGIN")
                try await write("b")
                let opening = Task { try await PostgreSQLStore(address: PostgreSQLAddress(url: url)) }
                try await eventually("the migration to wait") {
                    try await run(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ledger'::regclass", url)
                        == ["1"]
                }
                _ = try await former.run("COMMIT")
                let store = try await opening.value
                #expect(Set(try await store.ledgerEntries(ids: ["a", "b"]).keys) == ["a", "b"])
                #expect(await state { try await write("c") } == "42P01")
                #expect(await state { _ = try await read() } == "42P01")
                await store.close()
                await former.close()
            }
        }
    }
}

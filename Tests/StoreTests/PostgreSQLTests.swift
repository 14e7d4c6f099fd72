import AWSCore
import Encoding
import EventLoop
import GRDB
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Behavior of PostgreSQL only: lost connections, servers that hang or fail over, concurrent migrations.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"), .timeLimit(.minutes(15)))
struct PostgreSQLTests {
    private func address(_ url: String) throws -> PostgreSQLAddress { try PostgreSQLAddress(url: url) }

    private func name(of url: String) -> String {
        String(url.split(separator: "/").last?.prefix { $0 != "?" } ?? "")
    }

    /// Ends all sessions of a database.
    private func endSessions(_ url: String) async throws {
        let cluster = try await PostgreSQLCluster.shared.get()
        try await cluster.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name(of: url))'")
    }

    // MARK: Connections

    @Test func connectionsAndTransactionsAreReported() async throws {
        try await withDatabase { url in
            let events = Mutex<[StoreEvent]>([])
            let store = try await PostgreSQLStore(address: self.address(url)) { event in
                events.withLock { $0.append(event) }
            }
            func count(_ event: StoreEvent) -> Int { events.withLock { $0.count { $0 == event } } }
            func commits() -> [Int] {
                events.withLock { $0.compactMap { if case .committed(let writes, _) = $0 { writes } else { nil } } }
            }
            try await withCleanup {
                _ = try await store.append(delivery(1))
                let taken = try #require(try await store.leaseBatch(now: 0).first)
                let before = commits()
                #expect(before.allSatisfy { $0 == 1 } && before.count >= 2)
                try await store.complete(taken.lease, recording: [], now: 1)
                #expect(commits().count == before.count + 1)
                #expect(count(.connected(.append)) == 1 && count(.connected(.work)) >= 1)
                try await eventually("the listening connection") { count(.connected(.listen)) == 1 }
            } cleanup: {
                await store.close()
            }
            for pool in StoreEvent.Pool.allCases { #expect(count(.connected(pool)) == count(.disconnected(pool))) }
            #expect(count(.connectionFailed(.work)) == 0)
        }
    }

    @Test func requestsWaitingDuringALossOfConnectionsRunOnce() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let appended = Counter()
                try await withThrowingDiscardingTaskGroup { group in
                    for worker in 0..<20 {
                        group.addTask {
                            for number in 0..<50 {
                                _ = try await store.append(delivery(worker * 50 + number))
                                _ = appended.next()
                            }
                        }
                    }
                    group.addTask {
                        for _ in 0..<5 {
                            try await endSessions(url)
                            try await Task.sleep(for: .milliseconds(30))
                        }
                    }
                }
                #expect(appended.next() == 1001)
                #expect(try await store.queueStatus().pending == 1000)
                // A delivery that was committed when the connection broke is reported as a duplicate.
                let leased = try await store.leaseBatch(1000, now: 0)
                #expect(Set(leased.map(\.delivery.id)).count == 1000)
                try await withThrowingDiscardingTaskGroup { group in
                    for one in leased {
                        group.addTask { try await store.complete(one.lease, recording: [], now: 1) }
                    }
                    group.addTask { try await endSessions(url) }
                }
                #expect(try await store.queueStatus().completed == 1000)
            }
        }
    }

    @Test func aLeaseEndsOnceAlthoughTheStatementRunsTwice() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                for number in 1...4 { _ = try await store.append(delivery(number, at: Int64(number))) }
                let leased = try await store.leaseBatch(now: 9)
                let endings = [
                    LeaseUpdate(lease: leased[0].lease, kind: .completed, completedAt: 10),
                    LeaseUpdate(lease: leased[1].lease, kind: .pending, counts: false),
                    LeaseUpdate(lease: leased[2].lease, kind: .pending, readyAt: 50, failedAt: 10, reason: "later"),
                    LeaseUpdate(lease: leased[3].lease, kind: .dead, failedAt: 10, reason: "never"),
                ]
                let all = Set(endings.map(\.lease.sequence))
                for isRepeated in [false, true, false] {
                    let ended = try await store.work.use(within: .seconds(9), repeats: false) { connection, _ in
                        Set(try await QueueWrites.finish(endings, isRepeated: isRepeated, by: connection).keys)
                    }
                    #expect(ended == (isRepeated ? all : ended.isEmpty ? [] : all))
                }
                let again = try await store.leaseBatch(now: 60)
                #expect(again.map(\.attempt) == [1, 2])
                #expect(try await store.queueStatus().completed == 1)
                #expect(try await store.verify() == [])
            }
        }
    }

    @Test func aServerThatDoesNotRespondTimesOut() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        #expect(isListening)
        let port = UInt16(bigEndian: address.sin_port)
        let silent = "postgresql://bridge@127.0.0.1:\(port)/bridge?sslmode=disable&connect_timeout=2"
        let code = await failure { _ = try await PostgreSQLStore(address: self.address(silent)) }
        #expect(code == .unavailable)
        // Then the next host is tried.
        try await withDatabase { url in
            let cluster = try await PostgreSQLCluster.shared.get()
            let both =
                "postgresql://postgres@127.0.0.1:\(port),127.0.0.1:\(cluster.port)/\(name(of: url))?connect_timeout=2"
            try await withStore(both) { try await $0.checkWritable() }
        }
    }

    @Test func aStatementThatHangsIsUnavailableInTimeAndTheStoreRecovers() async throws {
        try await withDatabase { url in
            try await withStore(url, timeout: .seconds(4)) { store in
                let cluster = try await PostgreSQLCluster.shared.get()
                let locking = Task {
                    try await cluster.run(
                        "BEGIN; LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(6); COMMIT",
                        in: self.name(of: url))
                }
                try await eventually("the lock") {
                    try await cluster.run(
                        "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'delivery'::regclass",
                        in: self.name(of: url)
                    ).isEmpty == false
                }
                #expect(await failure { _ = try await store.append(delivery(1)) } == .unavailable)
                _ = try await locking.value
                #expect(try await store.append(delivery(2)) == .stored)
            }
        }
    }

    @Test func aConnectionToAServerThatBecameReadOnlyIsReplaced() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                for _ in 0..<4 { try await store.run("SET default_transaction_read_only = on") }
                #expect(try await store.append(delivery(1)) == .stored)
                try await store.checkWritable()
                try await store.advanceCatchUpWatermark(of: accountRegions[0], to: 1)
                #expect(try await store.leaseBatch(now: 0).count == 1)
            }
            // A read-only server is not usable by this store.
            let cluster = try await PostgreSQLCluster.shared.get()
            try await cluster.run("ALTER DATABASE \(name(of: url)) SET default_transaction_read_only = on")
            #expect(await failure { _ = try await PostgreSQLStore(address: self.address(url)) } == .unavailable)
        }
    }

    @Test(arguments: [
        ("postgresql://nobody_at_all@127.0.0.1:PORT/DATABASE", "nobody_at_all"),
        ("postgresql://postgres@127.0.0.1:PORT/no_database_at_all", "no_database_at_all"),
        ("postgresql://postgres:secret@127.0.0.1:1/DATABASE", "127.0.0.1"),
        ("postgresql://postgres:secret@127.0.0.1:PORT/DATABASE?sslmode=nonsense", "sslmode"),
        ("postgresql://postgres:secret@127.0.0.1:PORT/DATABASE?sslmode=require", "SSL"),
    ])
    func aConnectionErrorHasAReasonAndNoPassword(pattern: String, hint: String) async throws {
        try await withDatabase { url in
            let cluster = try await PostgreSQLCluster.shared.get()
            let url = pattern.replacing("PORT", with: "\(cluster.port)").replacing("DATABASE", with: name(of: url))
            do {
                let store = try await PostgreSQLStore(address: address(url))
                await store.close()
                Issue.record("it connected")
            } catch let error as StoreError {
                #expect(error.code == .unavailable)
                #expect(error.message.contains(hint), "\(error)")
                #expect(!error.message.contains("secret") && !error.message.contains("\n"))
            }
        }
    }

    @Test func aClosedStoreRejectsEverything() async throws {
        try await withDatabase { url in
            let store = try await PostgreSQLStore(address: address(url))
            async let appended = store.append(delivery(1))
            _ = try await appended
            async let first: Void = store.close()
            async let second: Void = store.close()
            _ = await (first, second)
            #expect(await failure { _ = try await store.append(delivery(2)) } == .closed)
            #expect(await failure { try await store.checkWritable() } == .closed)
            #expect(await failure { _ = try await store.queueStatus() } == .closed)
        }
    }

    @Test func appendsThatWaitShareAStatement() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let cluster = try await PostgreSQLCluster.shared.get()
                let locking = Task {
                    try await cluster.run(
                        "BEGIN; LOCK TABLE delivery IN EXCLUSIVE MODE; SELECT pg_sleep(0.5); COMMIT",
                        in: self.name(of: url))
                }
                try await eventually("the lock") {
                    try await cluster.run(
                        "SELECT 1 FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = 'delivery'::regclass",
                        in: self.name(of: url)
                    ).isEmpty == false
                }
                let stored = Counter()
                try await withThrowingDiscardingTaskGroup { group in
                    for number in 0..<500 {
                        group.addTask {
                            // Each id twice.
                            if try await store.append(delivery(number / 2)) == .stored { _ = stored.next() }
                        }
                    }
                }
                _ = try await locking.value
                #expect(stored.next() == 251)
                // One delayed by the lock, and those that arrived meanwhile.
                let count = try await cluster.run(
                    "SELECT count(DISTINCT xmin::text) FROM delivery", in: name(of: url))
                #expect(["1", "2"].contains(count.first))
            }
        }
    }

    // MARK: Tables

    @Test func serversThatStartConcurrentlyCreateTheTablesOnce() async throws {
        try await withDatabase { url in
            #expect(
                await failure { _ = try await PostgreSQLStore(address: self.address(url), access: .maintenance) }
                    == .outdated)
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { try await withStore(url) { try await $0.checkWritable() } }
                }
            }
            let cluster = try await PostgreSQLCluster.shared.get()
            let steps = try await cluster.run("SELECT step FROM bridge_migration", in: name(of: url))
            #expect(
                Set(steps) == Set(PostgreSQLSchema.steps.map(\.name)) && steps.count == PostgreSQLSchema.steps.count)
        }
    }

    @Test func aMigrationDryRunChangesNothingAndRequiresThePrivilegeToCreateTables() async throws {
        try await withDatabase { url in
            try await PostgreSQLStore.dryRunMigration(self.address(url))
            let cluster = try await PostgreSQLCluster.shared.get()
            let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            #expect(try await cluster.run(tables, in: name(of: url)) == ["0"])
            let role = "role_" + name(of: url)
            try await cluster.run("CREATE ROLE \(role) LOGIN")
            let limited = url.replacing("postgres@", with: role + "@")
            #expect(await failure { try await PostgreSQLStore.dryRunMigration(self.address(limited)) } == .unavailable)
            try await cluster.run("DROP ROLE \(role)", in: name(of: url))
        }
    }

    @Test func bothStoresHaveTheSameSteps() {
        let shared = PostgreSQLSchema.steps.map(\.name).filter {
            ![PostgreSQLSchema.sharingStep, PostgreSQLSchema.replicaStep].contains($0)
        }
        #expect(shared == Schema.migrator.migrations)
    }

    @Test func aStoreOfANewerVersionIsRejectedAndAnOlderOneIsMigrated() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                _ = try await store.append(delivery(1))
                try await store.run("DROP TABLE replica, origin_holder")
                let steps = [PostgreSQLSchema.sharingStep, PostgreSQLSchema.replicaStep].map { "'\($0)'" }
                try await store.run("DELETE FROM bridge_migration WHERE step IN (\(steps.joined(separator: ", ")))")
            }
            try await withStore(url) { store in
                #expect(try await store.leaseBatch(now: 0).map(\.delivery) == [delivery(1)])
                try await store.run("INSERT INTO bridge_migration VALUES ('a step of the future')")
            }
            for access in [StoreAccess.serving, .maintenance, .readOnly] {
                let code = await failure { _ = try await PostgreSQLStore(address: self.address(url), access: access) }
                #expect(code == .unsupported)
            }
        }
    }

    @Test func aRoleThatMayOnlyReadAndWriteRowsSuffices() async throws {
        try await withDatabase { url in
            let cluster = try await PostgreSQLCluster.shared.get()
            let role = "role_" + name(of: url)
            try await cluster.run("CREATE ROLE \(role) LOGIN")
            let limited = url.replacing("postgres@", with: role + "@")
            #expect(await failure { _ = try await PostgreSQLStore(address: self.address(limited)) } == .unavailable)
            try await withStore(url) { try await $0.checkWritable() }
            try await cluster.run(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(role)", in: name(of: url))
            try await withStore(limited) { store in
                let taken = try await store.leaseNew(1)
                try await store.complete(taken.lease, recording: [entry("a")], now: 1)
                try await store.checkWritable()
            }
            try await cluster.run("DROP OWNED BY \(role); DROP ROLE \(role)", in: name(of: url))
        }
    }

    @Test func aDatabaseInAnotherEncodingIsRejected() async throws {
        let cluster = try await PostgreSQLCluster.shared.get()
        try await cluster.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        let code = await failure { _ = try await PostgreSQLStore(address: self.address(cluster.url("latin"))) }
        #expect(code == .unsupported)
        try await cluster.dropDatabase("latin")
    }

    @Test func aReadOnlyStoreCannotBeWritten() async throws {
        try await withDatabase { url in
            try await withStore(url) { _ = try await $0.append(delivery(1)) }
            let store = try await PostgreSQLStore(address: address(url), access: .readOnly)
            #expect(try await store.queueStatus().pending == 1)
            #expect(await failure { _ = try await store.append(delivery(2)) } == .unavailable)
            #expect(await failure { _ = try await store.leaseBatch(now: 0) } == .unavailable)
            #expect(await failure { try await store.checkWritable() } == .unavailable)
            #expect(await failure { _ = try await store.discardDeadLetters(ids: ["a"]) } == .unavailable)
            #expect(await failure { _ = try await store.resume(nil) } == .unavailable)
            await store.close()
        }
    }

    @Test func aDamagedStoreIsReported() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                try await store.complete(store.leaseNew(1).lease, recording: [entry("a")], now: 1)
                #expect(try await store.verify() == [])
                try await store.run("UPDATE delivery SET origin = 'nowhere', attempts = 7")
                try await store.run("UPDATE ledger SET kind = 'riddle'")
                let problems = try await store.verify()
                #expect(problems.count == 3)
                #expect(problems.contains("Delivery \"sns:1\" has an invalid account-Region."))
                #expect(problems.contains("Finding \"a\" is unreadable or contains an invalid value."))
                #expect(await failure { _ = try await store.ledgerEntries(ids: ["a"]) } == .corrupt)
                try await store.run("DROP INDEX delivery_dead; ALTER TABLE probe ADD COLUMN more text")
                let more = try await store.verify()
                #expect(more.count == 2, "\(more)")
                #expect(more.contains { $0.hasPrefix("The database lacks the index delivery_dead of delivery") })
            }
        }
    }

    // MARK: Plans

    /// The parameter types that cannot be inferred from the statement.
    private static let types = [
        QueueWrites.finish:
            "(bigint[], bigint[], text[], text[], bigint[], bool[], bigint[], text[], bigint[], bool)",
        LeaseSQL.count: "(text[], bigint, bigint)", LeaseSQL.lease: "(text[], bigint[], bigint, bigint, text)",
        LeaseSQL.next: "(text[])", LedgerSQL.sent.postgreSQL: "(text[], bigint[])",
        DeadLetterSQL.list.postgreSQL: "(bigint, text, bigint, text, text, text, text, bigint)",
        PostgreSQLStore.depths: "(text, bigint, bigint)",
        DeadLetterLimitSQL.removeEmptyShare.postgreSQL: "(text[], text[])",
    ]

    @Test(arguments: [
        QueueWrites.finish, LeaseSQL.count, LeaseSQL.lease, LeaseSQL.next, QueueSQL.isHeld.postgreSQL,
        QueueSQL.purge.postgreSQL, QueueSQL.checkpoint.postgreSQL, PartitionSQL.endLeases,
        PartitionSQL.releasePartitions,
        LedgerSQL.byID.postgreSQL,
        LedgerSQL.about.postgreSQL, LedgerSQL.unseen.postgreSQL, LedgerSQL.stale.postgreSQL,
        LedgerSQL.unsent.postgreSQL,
        LedgerSQL.sent.postgreSQL, LedgerSQL.delete.postgreSQL, LedgerSQL.purge.postgreSQL,
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
                let plan = try await store.work.use(within: .seconds(9), repeats: false) { connection, _ in
                    try await connection.runOnce("PREPARE statement\(Self.types[sql] ?? "") AS \(sql)")
                    try await connection.runOnce("SET plan_cache_mode = force_generic_plan")
                    let count = try await connection.run(
                        "SELECT cardinality(parameter_types)::bigint AS count FROM pg_prepared_statements WHERE name = 'statement'"
                    )
                    let nulls = Array(repeating: "NULL", count: try count.rows.first?.count("count") ?? 0)
                    let call = nulls.isEmpty ? "" : "(\(nulls.joined(separator: ", ")))"
                    let rows = try await connection.run("EXPLAIN (COSTS OFF) EXECUTE statement\(call)")
                    return try rows.rows.map { try $0.text("QUERY PLAN") }
                }
                // The tables of replicas and partitions have few rows, and so have the sorted results.
                let few = ["replica", "origin_holder", "queued", "known", "leased", "place"]
                let scans = plan.filter { $0.contains("Seq Scan on ") }
                    .filter { line in !few.contains { line.contains("Seq Scan on \($0)") } }
                #expect(scans == [], "\(plan.joined(separator: "\n"))")
                let isOrderedByIndex = ![
                    QueueWrites.finish, LeaseSQL.lease, PartitionSQL.partitions, PostgreSQLStore.depths,
                ]
                .contains(sql)
                if isOrderedByIndex {
                    #expect(!plan.contains { $0.contains("Sort") }, "\(plan.joined(separator: "\n"))")
                }
            }
        }
    }
}

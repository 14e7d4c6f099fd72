import Encoding
import GRDB
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Concurrent migrations, and what a database and its role must allow.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"), .timeLimit(.minutes(15)))
struct PostgreSQLSchemaTests {
    @Test func serversThatStartConcurrentlyCreateTheTablesOnce() async throws {
        try await withDatabase { url in
            #expect(
                await failure {
                    _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: url), access: .maintenance)
                }
                    == .outdated)
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { try await withStore(url) { try await $0.checkWritable() } }
                }
            }
            let cluster = try await PostgreSQLCluster.shared.get()
            let steps = try await cluster.run("SELECT step FROM bridge_migration", in: databaseName(of: url))
            #expect(
                Set(steps) == Set(PostgreSQLSchema.steps.map(\.name)) && steps.count == PostgreSQLSchema.steps.count)
        }
    }

    @Test func aMigrationDryRunChangesNothingAndRequiresThePrivilegeToCreateTables() async throws {
        try await withDatabase { url in
            try await PostgreSQLStore.dryRunMigration(PostgreSQLAddress(url: url))
            let cluster = try await PostgreSQLCluster.shared.get()
            let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            #expect(try await cluster.run(tables, in: databaseName(of: url)) == ["0"])
            let role = "role_" + databaseName(of: url)
            try await cluster.run("CREATE ROLE \(role) LOGIN")
            let limited = url.replacing("postgres@", with: role + "@")
            #expect(
                await failure { try await PostgreSQLStore.dryRunMigration(PostgreSQLAddress(url: limited)) }
                    == .unavailable)
            try await cluster.run("DROP ROLE \(role)", in: databaseName(of: url))
        }
    }

    @Test func bothStoresHaveTheSameSteps() {
        let shared = PostgreSQLSchema.steps.map(\.name).filter {
            ![PostgreSQLSchema.sharingStep, PostgreSQLSchema.replicaStep].contains($0)
        }
        #expect(shared == Schema.migrator.migrations.filter { $0 != Schema.countingStep })
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
                let code = await failure {
                    _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: url), access: access)
                }
                #expect(code == .unsupported)
            }
        }
    }

    @Test func aRoleThatMayOnlyReadAndWriteRowsSuffices() async throws {
        try await withDatabase { url in
            let cluster = try await PostgreSQLCluster.shared.get()
            let role = "role_" + databaseName(of: url)
            try await cluster.run("CREATE ROLE \(role) LOGIN")
            let limited = url.replacing("postgres@", with: role + "@")
            #expect(
                await failure { _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: limited)) }
                    == .unavailable)
            try await withStore(url) { try await $0.checkWritable() }
            try await cluster.run(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(role)",
                in: databaseName(of: url))
            try await withStore(limited) { store in
                let taken = try await store.leaseNew(1)
                try await store.complete(taken.lease, recording: [entry("a")], now: 1)
                try await store.checkWritable()
            }
            try await cluster.run("DROP OWNED BY \(role); DROP ROLE \(role)", in: databaseName(of: url))
        }
    }

    @Test func aDatabaseInAnotherEncodingIsRejected() async throws {
        let cluster = try await PostgreSQLCluster.shared.get()
        try await cluster.run("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        let code = await failure {
            _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: cluster.url("latin")))
        }
        #expect(code == .unsupported)
        try await cluster.dropDatabase("latin")
    }

    @Test func aReadOnlyStoreCannotBeWritten() async throws {
        try await withDatabase { url in
            try await withStore(url) { _ = try await $0.append(delivery(1)) }
            let store = try await PostgreSQLStore(address: PostgreSQLAddress(url: url), access: .readOnly)
            #expect(try await store.queueStatus().pending == 1)
            #expect(await failure { _ = try await store.append(delivery(2)) } == .unavailable)
            #expect(await failure { _ = try await store.leaseBatch(now: 0) } == .unavailable)
            #expect(await failure { try await store.checkWritable() } == .unavailable)
            #expect(await failure { _ = try await store.discardDeadLetters(ids: ["a"]) } == .unavailable)
            #expect(await failure { _ = try await store.resume(.all) } == .unavailable)
            await store.close()
        }
    }

    @Test func aDamagedStoreIsReported() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                try await store.complete(store.leaseNew(1).lease, recording: [entry("a")], now: 1)
                #expect(try await store.verify() == [])
                try await store.run("UPDATE delivery SET origin = 'nowhere', attempts = 7")
                try await store.run("UPDATE finding SET kind = 'riddle'; UPDATE finding_count SET count = 2")
                let problems = try await store.verify()
                #expect(problems.count == 4)
                #expect(problems.contains("Delivery \"sns:1\" has an invalid account-Region."))
                #expect(problems.contains("Finding \"a\" is unreadable or contains an invalid value."))
                #expect(problems.contains("The finding counters of \"\(accountRegions[0].stored)\" are wrong."))
                #expect(await failure { _ = try await store.ledgerEntries(ids: ["a"]) } == .corrupt)
                try await store.run(
                    """
                    DROP INDEX delivery_dead; ALTER TABLE probe ADD COLUMN more text;
                    DROP TRIGGER count_changed_findings ON finding
                    """)
                let more = try await store.verify()
                #expect(more.count == 3, "\(more)")
                #expect(more.contains { $0.hasPrefix("The database lacks the index delivery_dead of delivery") })
                #expect(
                    more.contains { $0.hasPrefix("The database lacks the trigger count_changed_findings of finding") })
            }
        }
    }
}

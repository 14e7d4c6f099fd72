import AWSCore
import Encoding
import EventLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Replicas on one database that stall, are disconnected, lose connections, or have a wrong clock.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"), .timeLimit(.minutes(15)))
struct ReplicaFaultTests {
    /// The four account-Regions' deliveries, numbered from a start.
    private func append(from start: Int, to store: PostgreSQLStore) async throws {
        for (number, accountRegion) in manyAccountRegions.enumerated() {
            _ = try await store.append(delivery(start + number, of: accountRegion))
        }
    }

    private func database(of url: String) -> String {
        String(url.split(separator: "/").last?.prefix { $0 != "?" } ?? "")
    }

    private func run(_ sql: String, _ url: String) async throws -> [String] {
        try await PostgreSQLCluster.shared.get().run(sql, in: database(of: url))
    }

    /// Runs a body while another session locks a table.
    private func whileLocked(_ table: String, _ url: String, _ body: () async throws -> Void) async throws {
        let locking = Task { try await run("BEGIN; LOCK TABLE \(table); SELECT pg_sleep(60)", url) }
        let holder =
            "FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = '\(table)'::regclass"
        try await eventually("the lock") { try await run("SELECT pid \(holder)", url).count == 1 }
        try await withCleanup {
            try await body()
        } cleanup: {
            _ = try await run("SELECT pg_terminate_backend(pid) \(holder)", url)
            _ = await locking.result
        }
    }

    // MARK: Partitions

    @Test func anOrphanedLeaseDoesNotPreventHandover() async throws {
        try await withDatabase { url in
            try await withStore(url, lifetime: .milliseconds(600)) { first in
                try await append(from: 0, to: first)
                for one in try await first.leaseBatch(now: 0) {
                    try await first.complete(one.lease, recording: [], now: 1)
                }
                try await append(from: 10, to: first)
                // A long lease without a worker.
                try await first.run(
                    "UPDATE delivery SET state = 'leased', ready_at = 1000000000000000, lease_owner = 'ghost' WHERE state = 'pending'"
                )
                try await withStore(url, lifetime: .milliseconds(600)) { second in
                    var taken: Set<AccountRegion> = []
                    try await eventually("two partitions to be handed over") {
                        taken.formUnion(try await second.leaseBatch(now: 0).map(\.delivery.accountRegion))
                        return taken.count == 2
                    }
                }
            }
        }
    }

    @Test func aSurplusPartitionIsProcessedUntilItCanBeHandedOver() async throws {
        try await withDatabase { url in
            try await withStore(url, lifetime: .milliseconds(600)) { first in
                try await append(from: 0, to: first)
                // A slow worker has one of each.
                #expect(try await first.leaseBatch(now: 0).count == 4)
                try await withStore(url, lifetime: .milliseconds(600)) { second in
                    #expect(try await second.leaseBatch(now: 0).isEmpty)
                    try await append(from: 10, to: second)
                    var taken: Set<String> = []
                    try await eventually("all to be processed") {
                        taken.formUnion(try await first.leaseBatch(now: 0).map(\.delivery.id))
                        return taken.count == 4
                    }
                }
            }
        }
    }

    @Test func aStalledPartitionIsReported() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let taken = try await store.leaseNew(1)
                _ = try await store.append(delivery(2))
                #expect(try await store.sharingStatus().stalls.isEmpty)
                try await store.run("UPDATE origin_holder SET worked_at = clock_timestamp() - interval '2 minutes'")
                // The leases of these tests expired long ago: nothing is processed.
                let stall = try #require(try await store.sharingStatus().stalls.first)
                #expect(
                    stall.accountRegion == accountRegions[0] && stall.replica == "worker"
                        && stall.idleTime >= .seconds(120))
                try await store.run("UPDATE delivery SET ready_at = 1000000000000000 WHERE state = 'leased'")
                #expect(try await store.sharingStatus().stalls.isEmpty)
                try await store.complete(taken.lease, recording: [], now: 1)
            }
        }
    }

    // MARK: Heartbeats

    @Test func aLockOnTheQueueDoesNotDelayHeartbeats() async throws {
        try await withDatabase { url in
            try await withStore(url, lifetime: .seconds(1)) { store in
                _ = try await store.leaseNew(1)
                try await whileLocked("delivery", url) {
                    let before = try await run("SELECT signed_at FROM replica", url)
                    try await eventually("a further heartbeat, three lifetimes later") {
                        try await run(
                            "SELECT 1 FROM replica WHERE signed_at > '\(before[0])'::timestamptz + interval '3 seconds'",
                            url)
                    } is: {
                        $0 == ["1"]
                    }
                    #expect(store.canProcess)
                }
            }
        }
    }

    @Test func aReplicaWithoutAValidHeartbeatLeasesNothing() async throws {
        try await withDatabase { url in
            try await withStore(url, lifetime: .milliseconds(600), timeout: .seconds(1)) { store in
                _ = try await store.leaseNew(1)
                #expect(store.canProcess)
                _ = try await store.append(delivery(2))
                await store.coordinator.stopListening()
                try await eventually("the heartbeat to expire") { !store.canProcess }
                #expect(try await store.leaseBatch(now: 0).isEmpty)
            }
        }
    }

    @Test func aTransactionOfADisconnectedReplicaDoesNotOutliveItsHeartbeat() async throws {
        try await withDatabase { url in
            try await withStore(url, lifetime: .seconds(1)) { second in
                let first = try await PostgreSQLStore(address: PostgreSQLAddress(url: url), lifetime: .seconds(1))
                _ = try await first.leaseNew(1)
                await first.coordinator.stopListening()
                // It has locked its partitions and sends nothing more.
                let isLocked = Atomic(false)
                let stuck = Task {
                    try await first.work.use(within: .seconds(60), repeats: false) { connection, _ in
                        _ = try await connection.run("BEGIN")
                        _ = try await connection.run("SELECT 1 FROM origin_holder FOR UPDATE")
                        isLocked.store(true, ordering: .sequentiallyConsistent)
                        try await Task.sleep(for: .seconds(90))
                    }
                }
                try await eventually("the lock") { isLocked.load(ordering: .sequentiallyConsistent) }
                try await eventually("the partition to be taken over") { try await !second.leaseBatch(now: 0).isEmpty }
                stuck.cancel()
                _ = await stuck.result
                await first.close()
            }
        }
    }

    @Test func aReplicaWhoseSessionIsGoneIsTakenOverBeforeItsHeartbeatExpires() async throws {
        try await withDatabase { url in
            try await withStore(url, lifetime: .seconds(1)) { second in
                // Its heartbeat alone would be valid for ten minutes.
                let first = try await PostgreSQLStore(address: PostgreSQLAddress(url: url), lifetime: .seconds(600))
                _ = try await first.leaseNew(1)
                #expect(try await second.leaseBatch(now: 0).isEmpty)
                await first.coordinator.stopListening()
                let batch = try await eventually("the partition to be taken over") {
                    try await second.lease(limit: 9, for: .seconds(10), owner: "w", now: 0)
                } is: {
                    !$0.deliveries.isEmpty
                }
                #expect(batch.deliveries.map(\.attempt) == [1] && batch.acquired == [DeliveryLane(accountRegions[0])])
                await first.close()
            }
        }
    }

    /// Runs a test on a store in which one delivery is leased by a worker and another one by none, as if the connection broke
    /// during the commit.
    private func withLeaseWithoutWorker(_ body: (PostgreSQLStore, _ url: String) async throws -> Void) async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let known = try await store.leaseNew(1)
                _ = try await store.append(delivery(2))
                try await store.run(
                    "UPDATE delivery SET state = 'leased', attempts = 1, ready_at = 1000000000000000 WHERE id = 'sns:2'"
                )
                store.leases.abandon(store.leases.begin(), of: [accountRegions[0].stored])
                try await body(store, url)
                try await store.complete(known.lease, recording: [], now: 1)
            }
        }
    }

    @Test func aLeaseWithoutAWorkerIsEndedByTheNextCallToLease() async throws {
        try await withLeaseWithoutWorker { store, _ in
            _ = try await store.append(delivery(3))
            let taken = try await store.leaseBatch(now: 0)
            #expect(taken.map(\.delivery.id) == ["sns:2", "sns:3"] && taken.map(\.attempt) == [1, 1])
        }
    }

    @Test func aLeaseWithoutAWorkerIsEndedOnceNoOtherReplicaLocksItsPartition() async throws {
        try await withLeaseWithoutWorker { store, url in
            // As if another replica were acquiring partitions.
            let locking = Task {
                try await run("BEGIN; SELECT origin FROM origin_holder FOR UPDATE; SELECT pg_sleep(60)", url)
            }
            let locker =
                "FROM pg_stat_activity WHERE query LIKE '%origin_holder FOR UPDATE; %' AND state = 'active' AND pid <> pg_backend_pid()"
            try await eventually("the lock") {
                try await run("SELECT pid \(locker) AND wait_event = 'PgSleep'", url).count == 1
            }
            #expect(try await store.leaseBatch(now: 0).isEmpty)
            _ = try await run("SELECT pg_terminate_backend(pid) \(locker)", url)
            _ = await locking.result
            let taken = try await eventually("the delivery to be leased") {
                try await store.leaseBatch(now: 0)
            } is: {
                !$0.isEmpty
            }
            #expect(taken.map(\.delivery.id) == ["sns:2"] && taken.map(\.attempt) == [1])
        }
    }

    // MARK: Write checks

    @Test func theWriteCheckAppendsLikeADeliveryAndLeavesNoTrace() async throws {
        try await withDatabase { url in
            try await withStore(url, timeout: .seconds(2)) { store in
                try await store.checkWritable()
                try await whileLocked("finding", url) { try await store.checkWritable() }
                try await whileLocked("delivery", url) {
                    #expect(await failure { try await store.checkWritable() } == .unavailable)
                }
                try await eventually("the store to be ready") {
                    await failure { try await store.checkWritable() } == nil
                }
                #expect(try await run("SELECT count(*) FROM delivery", url) == ["0"])
            }
        }
    }

    @Test func eachMissingPrivilegeIsReported() async throws {
        try await withDatabase { url in
            try await withStore(url) { try await $0.checkRights() }
            let role = "role_" + database(of: url)
            _ = try await run(
                """
                CREATE ROLE \(role) LOGIN;
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(role);
                REVOKE DELETE ON finding FROM \(role); REVOKE INSERT, UPDATE ON judgement FROM \(role)
                """, url)
            try await withStore(url.replacing("postgres@", with: role + "@")) { store in
                do {
                    try await store.checkRights()
                    Issue.record("no privilege is missing")
                } catch let error as StoreError {
                    #expect(
                        error.message
                            == "The database role lacks DELETE on finding; INSERT, UPDATE on judgement. Grant it as described in deploy/docs/store.md."
                    )
                }
                // Accepting deliveries does not require them.
                try await store.checkWritable()
            }
            _ = try await run("DROP OWNED BY \(role); DROP ROLE \(role)", url)
        }
    }

    // MARK: Time

    @Test func aDeliveryDoesNotWaitForLongerThanItsLimitBehindABatch() async throws {
        try await withEventLoop { loop in
            let (gate, opening) = AsyncStream.makeStream(of: Void.self)
            let done = Counter()
            let batcher = GroupCommit<Int, Int>(on: loop, split: { $0.count }) { items in
                for await _ in gate { break }
                _ = done.next()
                return .success(items.map { .success($0) })
            }
            async let first = batcher.submit(1)
            try await eventually("the batch") { await batcher.waitingCount == 0 }
            #expect(await failure { _ = try await batcher.submit(2, until: .now + .milliseconds(50)) } == .unavailable)
            // The previous batch is still running.
            #expect(done.next() == 1)
            opening.yield()
            opening.yield()
            #expect(try await first == 1)
            await batcher.close()
        }
    }

    @Test func aTimeLimitIsForAllCallsTogether() {
        let limit = StoreTimeLimit(.seconds(3600))
        StoreTimeLimit.$current.withValue(limit) {
            let end = StoreTimeLimit.end(of: .seconds(9999))
            #expect(StoreTimeLimit.end(of: .seconds(9999)) == end)
            #expect(StoreTimeLimit.end(of: .seconds(1)) < end)
            StoreTimeLimit.$current.withValue(StoreTimeLimit(.seconds(9000))) {
                #expect(StoreTimeLimit.end(of: .seconds(9999)) == end)
            }
        }
    }

    // MARK: Clocks

    @Test(arguments: [300_000, -300_000] as [Int64])
    func theQueueUsesTheDatabasesClock(offset: Int64) async throws {
        try await withDatabase { url in
            let wrong = try await PostgreSQLStore(
                address: PostgreSQLAddress(url: url), lifetime: .seconds(10), timeout: .seconds(60),
                clock: DatabaseClock(local: { WallClock.now() + offset }))
            try await withCleanup {
                try await withStore(url) { right in
                    let now = WallClock.now()
                    // Both have joined before there is anything to share.
                    #expect(try await right.leaseBatch(now: now, owner: "right").isEmpty)
                    #expect(try await wrong.leaseBatch(now: now + offset, owner: "wrong").isEmpty)
                    _ = try await wrong.append(delivery(1, at: now + offset))
                    _ = try await right.append(delivery(2, of: accountRegions[1], at: now))
                    let rightNow = WallClock.now() + 1000
                    let one = try await right.lease(limit: 1, for: .seconds(10), owner: "right", now: rightNow)
                    #expect(one.deliveries.count == 1)
                    let other = try await wrong.lease(
                        limit: 1, for: .seconds(10), owner: "wrong", now: rightNow + offset)
                    #expect(other.deliveries.count == 1)
                    // Each sees times by its own clock.
                    for leased in one.deliveries { #expect((leased.delivery.receivedAt - now).magnitude < .seconds(2)) }
                    for leased in other.deliveries {
                        #expect((leased.delivery.receivedAt - (now + offset)).magnitude < .seconds(2))
                    }
                    let replicas = try await right.sharingStatus().replicas
                    #expect(replicas.map(\.name) == ["right", "wrong"])
                    #expect(replicas.map(\.hasWrongClock) == [false, true])
                    #expect(
                        replicas.last.map { ($0.clockOffset - .milliseconds(offset)).magnitude < .seconds(1) } == true)
                }
            } cleanup: {
                await wrong.close()
            }
        }
    }
}

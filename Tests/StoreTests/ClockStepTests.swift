import AWSCore
import Encoding
import GRDB
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// The store after a clock step.
@Suite struct ClockStepTests {
    private static let now: Timestamp = 1_795_341_600_000
    private static let minute: Int64 = 60_000

    @Test("After a step back, no delivery waits as long as the step", arguments: StoreKind.all)
    func stepBack(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for number in 1...4 { _ = try await store.append(delivery(number, at: Self.now)) }
            let first = try await store.lease(limit: 10, for: .seconds(60), owner: "a", now: Self.now).deliveries
            try #require(first.count == 4)
            try await store.release([first[0].lease])
            try await store.retry(first[1].lease, at: Self.now + 5000, reason: "later", now: Self.now)
            try await store.retry(first[2].lease, at: .latest, reason: "much later", now: Self.now)
            let back = Self.now - 2 * 3_600_000
            // Leases continue: a live worker extends them.
            let depths = try await store.queueDepths(now: back, after: nil, limit: 10)
            #expect(depths.map(\.state) == [.pending, .leased] && depths.map(\.count) == [3, 1])
            let second = try await store.lease(limit: 10, for: .seconds(60), owner: "a", now: back)
            #expect(second.deliveries.map(\.delivery.id).sorted() == ["sns:1", "sns:2", "sns:3"])
            #expect(second.nextReadyAt == back + Self.minute)
            try await store.complete(first[3].lease, recording: [], now: back)
            // The lease of a vanished worker ends like any other.
            let third = try await store.lease(limit: 10, for: .seconds(60), owner: "b", now: back + Self.minute)
            #expect(third.deliveries.count == 3 && third.expired == 3)
        }
    }

    @Test("The lease of a worker that vanished before the step ends one lease duration later", arguments: StoreKind.all)
    func vanished(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1, at: Self.now))
            #expect(try await store.lease(limit: 1, for: .seconds(60), owner: "a", now: Self.now).deliveries.count == 1)
            let back = Self.now - 120 * 86_400_000
            #expect(try await store.lease(limit: 1, for: .seconds(60), owner: "a", now: back).deliveries.isEmpty)
            let again = try await store.lease(limit: 1, for: .seconds(60), owner: "a", now: back + Self.minute)
            #expect(again.deliveries.count == 1)
        }
    }

    @Test("A retry is delayed at most by the maximum wait", arguments: StoreKind.all)
    func longestWait(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1, at: Self.now))
            let lease = try #require(
                try await store.lease(limit: 1, for: .seconds(60), owner: "a", now: Self.now).deliveries.first
            ).lease
            try await store.retry(lease, at: Self.now + 86_400_000, reason: "later", now: Self.now)
            let end = Self.now + QueueTime.longestWait
            let waiting = try await store.queueDepths(now: Self.now, after: nil, limit: 10)
            #expect(waiting.map(\.state) == [.waiting])
            let none = try await store.lease(limit: 1, for: .seconds(60), owner: "a", now: end - 1)
            #expect(none.deliveries.isEmpty && none.nextReadyAt == end)
            #expect(try await store.lease(limit: 1, for: .seconds(60), owner: "a", now: end).deliveries.count == 1)
        }
    }

    @Test("A watermark is reset only if it is later", arguments: StoreKind.all)
    func watermark(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            try await store.resetCatchUpWatermark(of: accountRegions[0], to: 5)
            #expect(try await store.catchUpWatermarks().isEmpty)
            try await store.advanceCatchUpWatermark(of: accountRegions[0], to: 10)
            try await store.advanceCatchUpWatermark(of: accountRegions[1], to: 10)
            try await store.resetCatchUpWatermark(of: accountRegions[0], to: 20)
            #expect(try await store.catchUpWatermarks() == [accountRegions[0]: 10, accountRegions[1]: 10])
            try await store.resetCatchUpWatermark(of: accountRegions[0], to: 5)
            #expect(try await store.catchUpWatermarks() == [accountRegions[0]: 5, accountRegions[1]: 10])
        }
    }

    @Test("A last delivery in the future is replaced by a current one", arguments: StoreKind.all)
    func lastDelivery(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let ahead = Self.now + 120 * 86_400_000
            try await store.recordLastDeliveries([
                accountRegions[0]: ahead, accountRegions[1]: Self.now + QueueTime.longestWait,
            ])
            try await store.recordLastDeliveries([accountRegions[0]: Self.now, accountRegions[1]: Self.now])
            #expect(
                try await store.lastDeliveries() == [
                    accountRegions[0]: Self.now, accountRegions[1]: Self.now + QueueTime.longestWait,
                ])
        }
    }

    @Test("The state of the clock is recorded", arguments: StoreKind.all)
    func mark(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            #expect(try await store.clockMark() == nil)
            for mark in [
                ClockMark(newest: 5, isConfirmed: true, heldUntil: 0),
                ClockMark(newest: .earliest, isConfirmed: false, heldUntil: .latest),
                ClockMark(newest: 9, isConfirmed: true, heldUntil: 0, outageEndedAt: 7),
            ] {
                try await store.record(mark)
                #expect(try await store.clockMark() == mark)
            }
            #expect(try await store.verify() == [])
        }
    }

    @Test("A store of an earlier version starts with its newest time")
    func earlierVersion() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabasePool(path: folder.file)
        try Schema.migrator.migrate(old, upTo: MigrationStep.status)
        try await old.write { db in
            try db.execute(sql: ArrivalSQL.noteDelivery.sqlite, arguments: [accountRegions[0].stored, 20])
        }
        try old.close()
        let store = try await SQLiteStore(path: folder.file)
        #expect(try await store.clockMark() == ClockMark(newest: 20, isConfirmed: true, heldUntil: 0))
        await store.close()
    }

    @Test(
        "A database of an earlier version starts with its newest time",
        .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"))
    func earlierDatabase() async throws {
        try await withDatabase { url in
            try await withStore(url) { store async throws in
                try await store.recordLastDeliveries([accountRegions[0]: 20])
                try await store.run(
                    """
                    DROP TABLE clock_mark; DELETE FROM bridge_migration
                        WHERE step IN ('\(MigrationStep.clock)', '\(MigrationStep.outage)')
                    """)
            }
            try await withStore(url) { store async throws in
                #expect(try await store.clockMark() == ClockMark(newest: 20, isConfirmed: true, heldUntil: 0))
            }
        }
    }
}

import Encoding
import FoundationEssentials
import GRDB
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Weeks of deliveries in a store, with simulated time.
@Suite struct SpaceTests {
    private static let hour = 3_600_000

    /// A store in its directory, with simulated operation.
    private struct Churn {
        let store: SQLiteStore
        let path: String
        var number = 0

        func size(_ suffix: String = "") throws -> Int {
            try FileManager.default.attributesOfItem(atPath: path + suffix)[.size] as? Int ?? 0
        }

        /// Appends and processes deliveries, like the bridge.
        mutating func work(_ count: Int, at now: Timestamp, payload size: Int) async throws {
            let store = store
            let first = number
            number += count
            try await withThrowingDiscardingTaskGroup { group in
                for number in first..<first + count {
                    let one = delivery(number, at: now, payload: [UInt8](repeating: UInt8(number & 0xFF), count: size))
                    group.addTask { _ = try await store.append(one) }
                }
            }
            while case let batch = try await store.leaseBatch(500, now: now), !batch.isEmpty {
                try await withThrowingDiscardingTaskGroup { group in
                    for leased in batch {
                        let place = first + Int(leased.lease.sequence) % 500
                        let entries = [
                            entry(
                                "finding-\(place % 500)", updatedAt: now, finding: [UInt8](repeating: 7, count: 1500))
                        ]
                        group.addTask { try await store.complete(leased.lease, recording: entries, now: now) }
                    }
                }
            }
        }

        /// Deletes old data, like the bridge.
        func maintain(at now: Timestamp) async throws {
            _ = try await store.purge(completedBefore: now - 26 * SpaceTests.hour)
            _ = try await store.purgeLedger(archivedBefore: now - 720 * SpaceTests.hour)
        }
    }

    private func withChurn(_ body: (inout Churn) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        try await withCleanup {
            var churn = Churn(store: store, path: folder.file)
            try await body(&churn)
        } cleanup: {
            await store.close()
        }
    }

    @Test(.timeLimit(.minutes(15))) func aWeekOfDeliveriesLeavesTheFileAsLargeAsTwoDaysDo() async throws {
        try await withChurn { churn in
            var sizes: [Int] = []
            var logs: [Int] = []
            for day in 0..<7 {
                for hour in 0..<24 {
                    let now = Timestamp((day * 24 + hour) * Self.hour)
                    try await churn.work(60, at: now, payload: 4000)
                    try await churn.maintain(at: now)
                    logs.append(try churn.size("-wal"))
                }
                sizes.append(try churn.size())
            }
            let status = try await churn.store.queueStatus()
            #expect(status.completed == 27 * 60 && status.pending + status.leased == 0)
            // After 26 hours the window of duplicates is full, and the file stops growing.
            let bound = sizes[1] + SQLiteStore.sparePages * 4096 / 8
            #expect(sizes[2...].allSatisfy { $0 <= bound }, "\(sizes)")
            // Without reuse of space, the payloads of one day alone would be larger.
            #expect(24 * 60 * 4000 > SQLiteStore.sparePages * 4096 / 8)
            #expect(logs.allSatisfy { $0 < 16 << 20 }, "\(logs.max() ?? 0)")
            #expect(try await churn.store.verify() == [])
        }
    }

    @Test(.timeLimit(.minutes(15))) func oneMaintenanceFreesTheSpaceOfABurst() async throws {
        try await withChurn { churn in
            try await churn.work(10, at: 0, payload: 4000)
            try await churn.work(1500, at: Timestamp(Self.hour), payload: 20_000)
            let burst = try churn.size() + churn.size("-wal")
            #expect(burst > 30_000_000)
            try await churn.maintain(at: Timestamp(2 * Self.hour))
            // The file shrinks at the checkpoint.
            try await churn.store.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            let rest = try churn.size()
            #expect(rest < SQLiteStore.sparePages * 4096 + 4_000_000, "\(rest) of \(burst)")
            #expect(try churn.size("-wal") == 0)
            #expect(try await churn.store.queueStatus().completed == 1510)
        }
    }
}

import AWSCore
import Encoding
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Several replicas on one database.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"), .timeLimit(.minutes(15)))
struct PartitionTests {
    /// Runs a test with two stores on one database.
    private func withTwoStores(
        lifetime: Duration = .seconds(10), _ body: (PostgreSQLStore, PostgreSQLStore) async throws -> Void
    ) async throws {
        try await withDatabase { url in
            try await withStore(url, lifetime: lifetime) { first in
                try await withStore(url, lifetime: lifetime) { second in try await body(first, second) }
            }
        }
    }

    @Test func anAccountRegionIsProcessedByOneReplicaAtATime() async throws {
        try await withTwoStores { first, second in
            for number in 0..<3 { _ = try await second.append(delivery(number)) }
            let one = try await first.lease(limit: 1, for: .seconds(10), owner: "w", now: 0)
            #expect(one.deliveries.count == 1 && one.acquired == [DeliveryLane(accountRegions[0])])
            let other = try await second.lease(limit: 9, for: .seconds(10), owner: "w", now: 0)
            #expect(other.deliveries == [] && other.nextReadyAt == nil && other.acquired == [])
            // Not even after the lease expired: its owner is alive.
            #expect(try await second.leaseBatch(now: 1_000_000).isEmpty)
            let rest = try await first.lease(limit: 9, for: .seconds(10), owner: "w", now: 0)
            #expect(rest.deliveries.count == 2 && rest.acquired == [])
        }
    }

    @Test func aStoppingReplicaHandsOverImmediately() async throws {
        try await withDatabase { url in
            try await withStore(url) { second in
                _ = try await second.append(delivery(1))
                let first = try await PostgreSQLStore(address: PostgreSQLAddress(url: url))
                let held = try #require(try await first.leaseBatch(now: 0).first)
                let batch = try await second.lease(limit: 9, for: .seconds(10), owner: "w", now: 0)
                #expect(batch.deliveries == [])
                async let woken: Void = second.waitForWork(after: batch.mark)
                await first.close()
                await woken
                try await eventually("the delivery") { try await !second.leaseBatch(now: 0).isEmpty }
                #expect(await failure { try await second.complete(held.lease, recording: [], now: 1) } == .leaseLost)
            }
        }
    }

    @Test func partitionsOfADeadReplicaAreTakenOverAndItsLeasesAreLost() async throws {
        try await withDatabase { url in
            try await withStore(url, lifetime: .milliseconds(600)) { second in
                for number in 0..<3 { _ = try await second.append(delivery(number)) }
                let first = try await PostgreSQLStore(
                    address: PostgreSQLAddress(url: url), lifetime: .milliseconds(600))
                let held = try await first.leaseBatch(2, now: 0)
                #expect(held.count == 2)
                // It sends no heartbeats, as if it had been killed, but does not notice.
                await first.coordinator.stopListening()
                let mark = try await second.lease(limit: 9, for: .seconds(10), owner: "w", now: 0).mark
                await second.waitForWork(after: mark)
                let batch = try await eventually("the partition to be free") {
                    try await second.lease(limit: 9, for: .seconds(10), owner: "w", now: 0)
                } is: {
                    !$0.deliveries.isEmpty
                }
                #expect(batch.acquired == [DeliveryLane(accountRegions[0])] && batch.expired == 2)
                // A takeover does not count an attempt.
                #expect(batch.deliveries.map(\.attempt) == [1, 1, 1])
                let late = held[0].lease
                #expect(await failure { try await first.complete(late, recording: [entry("a")], now: 1) } == .leaseLost)
                #expect(
                    await failure { try await first.record(LedgerUpdate(entries: [entry("a")]), under: late) }
                        == .leaseLost
                )
                #expect(try await first.ledgerEntries(ids: ["a"]).isEmpty)
                #expect(try await first.leaseBatch(now: 0).isEmpty)
                await first.close()
            }
        }
    }

    @Test func replicasShareThePartitionsEquallyAlsoAfterALaterJoin() async throws {
        try await withTwoStores(lifetime: .milliseconds(600)) { first, second in
            for (number, accountRegion) in manyAccountRegions.enumerated() {
                _ = try await first.append(delivery(number, of: accountRegion))
            }
            let all = try await first.leaseBatch(now: 0)
            #expect(all.count == 4)
            #expect(try await second.leaseBatch(now: 0).isEmpty)
            for one in all { try await first.complete(one.lease, recording: [], now: 1) }
            for (number, accountRegion) in manyAccountRegions.enumerated() {
                _ = try await first.append(delivery(10 + number, of: accountRegion))
            }
            var taken: [AccountRegion] = []
            try await eventually("two partitions to be released") {
                taken += try await second.leaseBatch(now: 0).map(\.delivery.accountRegion)
                return taken.count == 2
            }
            let rest = try await first.leaseBatch(now: 0).map(\.delivery.accountRegion)
            #expect(Set(rest).count == 2 && Set(rest).isDisjoint(with: taken))
        }
    }

    @Test func anAppendInOneReplicaWakesTheOthers() async throws {
        try await withTwoStores { first, second in
            let batch = try await second.lease(limit: 9, for: .seconds(10), owner: "w", now: 0)
            async let woken: Void = second.waitForWork(after: batch.mark)
            _ = try await first.append(delivery(1))
            await woken
            try await eventually("the delivery") { try await !second.leaseBatch(now: 0).isEmpty }
        }
    }

    @Test func rebuildingALedgerPreventsReplicasFromProcessing() async throws {
        try await withDatabase { url in
            try await withStore(url) { bridge in
                let held = try await bridge.leaseNew(1)
                let command = try await PostgreSQLStore(address: PostgreSQLAddress(url: url))
                #expect(await failure { try await command.clearLedger(of: accountRegions[0]) } == .inUse)
                try await bridge.complete(held.lease, recording: [], now: 1)
                try await command.clearLedger(of: accountRegions[1])
                _ = try await bridge.append(delivery(2, of: accountRegions[1]))
                #expect(try await bridge.leaseBatch(now: 0).isEmpty)
                // A process that rebuilds a ledger does not count as a worker.
                _ = try await bridge.append(delivery(3, of: accountRegions[2]))
                #expect(try await bridge.leaseBatch(now: 0).map(\.delivery.id) == ["sns:3"])
                await command.close()
                try await eventually("the delivery") { try await !bridge.leaseBatch(now: 0).isEmpty }
            }
        }
    }

    /// Who processes what, to detect concurrent processing.
    private final class Floor: Sendable {
        struct State {
            var holders: [AccountRegion: Int] = [:]
            var done: [String: Int] = [:]
            var clashes: [String] = []
        }

        private let state = Mutex(State())

        func withLock<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
            state.withLock { state in body(&state) }
        }
    }

    @Test func eachDeliveryIsCompletedAndNoAccountRegionIsProcessedByTwoReplicasConcurrently() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("The pauses of the replicas follow from the seed \(seed).")
        try await withDatabase { url in
            let floor = Floor()
            try await withThrowingDiscardingTaskGroup { group in
                for bridge in 0..<4 {
                    group.addTask {
                        var random = SeededGenerator(seed: seed &+ UInt64(bridge))
                        try await withStore(url, lifetime: .seconds(2)) { store in
                            for number in 0..<60 {
                                let accountRegion = manyAccountRegions[Int.random(in: 0...3, using: &random)]
                                _ = try await store.append(delivery(bridge * 60 + number, of: accountRegion))
                            }
                            while floor.withLock({ $0.done.count }) < 240 {
                                let limit = Int.random(in: 1...9, using: &random)
                                let taken = try await store.leaseBatch(limit, now: 0)
                                for one in taken {
                                    floor.withLock { floor in
                                        let holder = floor.holders[one.delivery.accountRegion]
                                        if let holder, holder != bridge {
                                            floor.clashes.append(
                                                "\(one.delivery.accountRegion) of \(holder), \(bridge)")
                                        }
                                        floor.holders[one.delivery.accountRegion] = bridge
                                    }
                                }
                                try await Task.sleep(for: .milliseconds(Int.random(in: 0...5, using: &random)))
                                floor.withLock { floor in
                                    for one in taken { floor.holders[one.delivery.accountRegion] = nil }
                                }
                                for one in taken {
                                    try await store.complete(one.lease, recording: [], now: 1)
                                    floor.withLock { $0.done[one.delivery.id, default: 0] += 1 }
                                }
                            }
                        }
                    }
                }
            }
            let end = floor.withLock { $0 }
            #expect(end.clashes == [])
            #expect(end.done.count == 240 && end.done.values.allSatisfy { $0 == 1 })
        }
    }
}

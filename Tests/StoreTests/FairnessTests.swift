import AWSCore
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct FairnessTests {
    @Test(arguments: StoreKind.all) func aBacklogOfOneAccountRegionLeavesTheOthersTheirShare(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            for number in 0..<30 { _ = try await store.append(delivery(number, of: accountRegions[0])) }
            for number in 30..<33 { _ = try await store.append(delivery(number, of: accountRegions[1], at: 5)) }
            _ = try await store.append(delivery(40, of: accountRegions[2], at: 6))
            let taken = try await store.leaseBatch(12, now: 10)
            let counts = Dictionary(grouping: taken, by: \.delivery.accountRegion).mapValues(\.count)
            #expect(counts == [accountRegions[0]: 8, accountRegions[1]: 3, accountRegions[2]: 1])
        }
    }

    @Test(arguments: StoreKind.all) func aLimitSmallerThanTheNumberOfAccountRegionsReachesThemAllInTurn(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            for number in 0..<9 { _ = try await store.append(delivery(number, of: accountRegions[number % 3])) }
            var served: [String] = []
            for _ in 0..<6 { served += try await store.leaseBatch(1, now: 0).map(\.delivery.accountRegion.description) }
            let sorted = accountRegions.map(\.description).sorted()
            #expect(served == sorted + sorted)
        }
    }

    @Test(arguments: StoreKind.all) func anAccountRegionWithoutReadyDeliveriesIsSkipped(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1, of: accountRegions[0], at: 1_000))
            for number in 2..<6 { _ = try await store.append(delivery(number, of: accountRegions[1])) }
            #expect(try await store.leaseBatch(4, now: 0).count == 4)
        }
    }

    @Test(arguments: StoreKind.all) func aSourceAndDeviceDefenderTakeTurns(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for number in 0..<20 { _ = try await store.append(delivery(number, source: "nozomi", from: .webhook)) }
            for number in 20..<22 { _ = try await store.append(delivery(number, at: 5)) }
            let batch = try await store.lease(limit: 4, for: .seconds(10), owner: "worker", now: 10)
            #expect(
                Set(batch.deliveries.map(\.delivery)) == [
                    delivery(0, source: "nozomi", from: .webhook), delivery(1, source: "nozomi", from: .webhook),
                    delivery(20, at: 5), delivery(21, at: 5),
                ])
            let source = DeliveryLane(accountRegions[0], source: "nozomi")
            let skipped = try await store.lease(
                limit: 4, for: .seconds(10), owner: "worker", now: 10, excluding: [source])
            #expect(skipped.deliveries == [])
            let depths = try await store.queueDepths(now: 10, after: nil, limit: 10)
            #expect(depths.map(\.lane) == [DeliveryLane(accountRegions[0]), source, source])
            #expect(depths.map(\.count) == [2, 18, 2])
            #expect(
                try await store.queueDepths(now: 10, after: DeliveryLane(accountRegions[0]), limit: 10).map(\.lane)
                    == [source, source])
        }
    }

    @Test(arguments: StoreKind.all) func anExcludedAccountRegionIsSkipped(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            for number in 0..<3 { _ = try await store.append(delivery(number, of: accountRegions[0])) }
            _ = try await store.append(delivery(3, of: accountRegions[1]))
            _ = try await store.append(delivery(4, of: accountRegions[1], at: 900))
            let excluded: Set = [DeliveryLane(accountRegions[0])]
            let first = try await store.lease(
                limit: 10, for: .seconds(10), owner: "worker", now: 10, excluding: excluded)
            #expect(first.deliveries.map(\.delivery.id) == ["sns:3"])
            #expect(first.nextReadyAt == 900)
            let all = try await store.lease(
                limit: 10, for: .seconds(10), owner: "worker", now: 10,
                excluding: Set(accountRegions.map { DeliveryLane($0) }))
            #expect(all.deliveries == [] && all.nextReadyAt == nil)
            #expect(try await store.leaseBatch(now: 10).map(\.delivery.id) == ["sns:0", "sns:1", "sns:2"])
        }
    }

    @Test func theRingContinuesAfterTheLastAndWraps() {
        #expect(FairShare.ring([1, 3, 5], after: nil) == [1, 3, 5])
        #expect(FairShare.ring([1, 3, 5], after: 3) == [5, 1, 3])
        #expect(FairShare.ring([1, 3, 5], after: 2) == [3, 5, 1])
        #expect(FairShare.ring([1, 3, 5], after: 5) == [1, 3, 5])
        #expect(FairShare.ring([Int](), after: 5) == [])
    }

    @Test func unusedSharesGoToTheOthersWithinTheLimit() {
        for limit in 1...20 {
            var left = ["a": 1, "b": 9, "c": 4]
            let (items, last) = FairShare.take(limit: limit, from: ["a", "b", "c"]) { name, share in
                let count = min(share, left[name] ?? 0)
                left[name, default: 0] -= count
                return Array(repeating: name, count: count)
            }
            #expect(items.count == min(limit, 14))
            #expect(last == items.last)
        }
    }
}

import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct QueueDepthTests {
    @Test(arguments: StoreKind.all) func eachAccountRegionAndStateIsCountedWithItsOldest(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1, at: 10))
            let first = try await store.leaseBatch(now: 10)
            try await store.deadLetter(first[0].lease, reason: "no", now: 11)
            _ = try await store.append(delivery(2, at: 20))
            try await store.retry(store.leaseBatch(now: 20)[0].lease, at: 500, reason: "later", now: 21)
            _ = try await store.append(delivery(3, at: 30))
            _ = try await store.leaseBatch(now: 30)
            for number in 4...6 { _ = try await store.append(delivery(number, at: Timestamp(50 - number))) }
            _ = try await store.append(delivery(7, at: 900))
            _ = try await store.append(delivery(8, of: manyAccountRegions[3], at: 60))
            func depth(_ state: QueueDepth.State, _ count: Int, _ oldest: Timestamp, of number: Int = 0) -> QueueDepth {
                QueueDepth(
                    accountRegion: manyAccountRegions[number], state: state, count: count, oldestReceivedAt: oldest)
            }
            let depths = try await store.queueDepths(now: 100, after: nil, limit: 1000)
            #expect(
                depths == [
                    depth(.pending, 3, 44), depth(.waiting, 2, 20), depth(.leased, 1, 30), depth(.dead, 1, 10),
                    depth(.pending, 1, 60, of: 3),
                ])
            // A retried delivery can be leased when its time has come.
            let later = try await store.queueDepths(now: 500, after: nil, limit: 1)
            #expect(later.prefix(2) == [depth(.pending, 4, 20), depth(.waiting, 1, 900)])
        }
    }

    @Test(arguments: StoreKind.all) func accountRegionsAreListedInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for (number, accountRegion) in manyAccountRegions.enumerated() {
                _ = try await store.append(delivery(number, of: accountRegion))
            }
            try await store.deadLetter(store.leaseBatch(1, now: 0)[0].lease, reason: "no", now: 1)
            let all = try await store.queueDepths(now: 0, after: nil, limit: 1000)
            #expect(all.map(\.accountRegion) == manyAccountRegions.sorted())
            var paged: [QueueDepth] = []
            while case let page = try await store.queueDepths(now: 0, after: paged.last?.lane, limit: 1),
                !page.isEmpty
            {
                paged += page
            }
            #expect(paged == all)
            #expect(await failure { _ = try await store.queueDepths(now: 0, after: nil, limit: 0) } == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func anEmptyQueueHasNoDepths(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let leased = try await store.leaseNew(1)
            try await store.complete(leased.lease, recording: [], now: 1)
            #expect(try await store.queueDepths(now: 1, after: nil, limit: 1000) == [])
        }
    }
}

import Encoding
import Store
import TestSupport
import Testing

@Suite struct LeaseTests {
    @Test(arguments: StoreKind.all) func anExpiredLeaseIsTakenOverAndItsFormerOwnerRejected(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let old = try await store.leaseNew(1)
            #expect(try await store.leaseBatch(now: 9_999).isEmpty)
            let new = try #require(try await store.leaseBatch(now: 10_000, owner: "other").first)
            #expect(new.attempt == 2)
            let lease = old.lease
            #expect(await failure { try await store.complete(lease, recording: [entry("a")], now: 1) } == .leaseLost)
            #expect(
                await failure { try await store.record(LedgerUpdate(entries: [entry("a")]), under: lease) }
                    == .leaseLost)
            #expect(await failure { try await store.retry(lease, at: 1, reason: "", now: 1) } == .leaseLost)
            #expect(await failure { try await store.deadLetter(lease, reason: "", now: 1) } == .leaseLost)
            #expect(await failure { _ = try await store.extend(lease, for: .seconds(9), now: 1) } == .leaseLost)
            try await store.release([lease])
            #expect(try await store.queueStatus().leased == 1)
            #expect(try await store.ledgerEntries(ids: ["a"]).isEmpty)
            try await store.complete(new.lease, recording: [], now: 1)
            #expect(try await store.queueStatus().completed == 1)
        }
    }

    @Test(arguments: StoreKind.all) func expiredLeasesAreCounted(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            func expired(at now: Timestamp) async throws -> Int {
                try await store.lease(limit: 9, for: .seconds(10), owner: "w", now: now).expired
            }
            for number in 0..<3 { _ = try await store.append(delivery(number)) }
            #expect(try await expired(at: 0) == 0)
            #expect(try await expired(at: 9_999) == 0)
            let again = try await store.lease(limit: 2, for: .seconds(10), owner: "w", now: 10_000)
            #expect(again.expired == 2)
            // Released and retried leases did not expire.
            try await store.release([again.deliveries[0].lease])
            try await store.retry(again.deliveries[1].lease, at: 10_000, reason: "x", now: 10_000)
            #expect(try await expired(at: 10_000) == 1)
        }
    }

    @Test(arguments: StoreKind.all) func aLateWorkerMayCompleteUntilTheDeliveryIsLeasedAgain(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let taken = try await store.leaseNew(1)
            try await store.complete(taken.lease, recording: [], now: 1_000_000)
            #expect(try await store.queueStatus().completed == 1)
        }
    }

    @Test(arguments: StoreKind.all) func afterAReleaseTheSameWorkersOldLeaseIsLost(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let old = try await store.leaseNew(1)
            try await store.release([old.lease])
            let new = try #require(try await store.leaseBatch(now: 0).first)
            #expect(new.attempt == old.attempt)
            #expect(await failure { try await store.complete(old.lease, recording: [], now: 1) } == .leaseLost)
            try await store.complete(new.lease, recording: [], now: 1)
        }
    }

    @Test(arguments: StoreKind.all) func aLeaseOfAPurgedDeliveryIsLostEvenWhenItsIdCameAgain(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let old = try await store.leaseNew(1)
            try await store.complete(old.lease, recording: [], now: 1)
            #expect(try await store.purge(completedBefore: 2) == 1)
            let new = try await store.leaseNew(1)
            #expect(await failure { try await store.complete(old.lease, recording: [], now: 1) } == .leaseLost)
            try await store.complete(new.lease, recording: [], now: 1)
        }
    }

    @Test(arguments: StoreKind.all) func aLeaseEndsOnlyOnce(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let taken = try await store.leaseNew(1)
            try await store.complete(taken.lease, recording: [], now: 1)
            #expect(await failure { try await store.complete(taken.lease, recording: [], now: 1) } == .leaseLost)
            #expect(await failure { try await store.retry(taken.lease, at: 1, reason: "", now: 1) } == .leaseLost)
            #expect(try await store.queueStatus().completed == 1)
        }
    }

    @Test(arguments: StoreKind.all) func anExtendedLeaseIsNotTakenOverBeforeItsNewEnd(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let taken = try await store.leaseNew(1)
            let extended = try await store.extend(taken.lease, for: .seconds(20), now: 5_000)
            #expect(extended.until == 25_000)
            #expect(try await store.leaseBatch(now: 24_999).isEmpty)
            try await store.complete(extended, recording: [], now: 24_999)
        }
    }

    @Test(arguments: StoreKind.all) func aLeaseOfAnotherAccountRegionsDeliveryUnderTheSameNumberIsLost(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let taken = try await store.leaseNew(1)
            let forged = Lease(
                deliveryID: "sns:2", owner: "w", until: taken.lease.until, sequence: 1, number: 1)
            #expect(await failure { try await store.complete(forged, recording: [], now: 1) } == .leaseLost)
        }
    }
}

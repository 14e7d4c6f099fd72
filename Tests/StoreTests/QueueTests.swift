import Encoding
import GRDB
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct QueueTests {
    @Test(arguments: StoreKind.all) func anAppendedDeliveryIsLeasedAsItWas(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let given = Delivery(
                id: "eventBridge:x", accountRegion: accountRegions[1], channel: .eventBridge, receivedAt: 5,
                payload: [0, 255, 0])
            #expect(try await store.append(given) == .stored)
            let batch = try await store.lease(limit: 1, for: .milliseconds(1500), owner: "w", now: 10)
            #expect(batch.deliveries.map(\.delivery) == [given])
            #expect(batch.deliveries.map(\.attempt) == [1])
            #expect(batch.deliveries.first?.lease.until == 1510)
            #expect(batch.deliveries.first?.lease.owner == "w")
            #expect(batch.nextReadyAt == 1510)
        }
    }

    @Test(arguments: StoreKind.all) func severalDeliveriesAreAppendedTogetherOrNotAtAll(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(2))
            let again = Delivery(
                id: "sns:1", accountRegion: accountRegions[1], channel: .sns, receivedAt: 0, payload: [9])
            let outcomes = try await store.append([delivery(1), delivery(2), again, delivery(3, of: accountRegions[1])])
            #expect(outcomes == [.stored, .duplicate, .duplicate, .stored])
            #expect(try await store.append([]) == [])
            let invalid = Delivery(
                id: "a b", accountRegion: accountRegions[0], channel: .sns, receivedAt: 0, payload: [])
            let code = await failure { _ = try await store.append([delivery(4), invalid]) }
            #expect(code == .invalidValue)
            let taken = try await store.leaseBatch(now: 0).map(\.delivery)
            #expect(taken.map(\.id).sorted() == ["sns:1", "sns:2", "sns:3"])
            #expect(taken.first { $0.id == "sns:1" }?.payload == [1, 2, 3])
        }
    }

    @Test(arguments: StoreKind.all) func eachOfManyCallersGetsTheResultsOfItsOwnDeliveries(kind: StoreKind) async throws
    {
        try await withStore(kind) { store async throws in
            let outcomes = try await withThrowingTaskGroup(of: (Int, [AppendResult]).self) { group in
                for caller in 0..<40 {
                    group.addTask {
                        // The first delivery of each is the same; the second ones differ.
                        (caller, try await store.append([delivery(0), delivery(caller + 1), delivery(caller + 1)]))
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(outcomes.values.count { $0[0] == .stored } == 1)
            #expect(outcomes.values.allSatisfy { $0.count == 3 && $0[1] == .stored && $0[2] == .duplicate })
            #expect(try await store.queueStatus().pending == 41)
        }
    }

    @Test(arguments: StoreKind.all) func anEmptyPayloadIsKept(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1, payload: []))
            #expect(try await store.leaseBatch(now: 0).first?.delivery.payload == [])
        }
    }

    @Test(arguments: StoreKind.all) func aDeliveryIsNotLeasedBeforeItsReceiptNorTwice(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1, at: 100))
            let early = try await store.lease(limit: 10, for: .seconds(1), owner: "w", now: 99)
            #expect(early.deliveries.isEmpty)
            #expect(early.nextReadyAt == 100)
            #expect(try await store.leaseBatch(now: 100).count == 1)
            #expect(try await store.leaseBatch(now: 100).isEmpty)
        }
    }

    @Test(arguments: StoreKind.all) func theNextReadyTimeIncludesAccountRegionsWithoutLeases(
        kind: StoreKind
    ) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1, of: accountRegions[0], at: 10))
            _ = try await store.append(delivery(2, of: accountRegions[1], at: 30))
            let batch = try await store.lease(limit: 10, for: .milliseconds(100), owner: "w", now: 10)
            #expect(batch.deliveries.map(\.delivery.id) == ["sns:1"])
            #expect(batch.nextReadyAt == 30)
        }
    }

    @Test(arguments: StoreKind.all) func theEarliestReadyDeliveryIsLeasedFirst(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for (number, time) in [(1, 30), (2, 10), (3, 20), (4, 10)] as [(Int, Timestamp)] {
                _ = try await store.append(delivery(number, at: time))
            }
            #expect(try await store.leaseBatch(3, now: 100).map(\.delivery.id) == ["sns:2", "sns:4", "sns:3"])
        }
    }

    @Test(arguments: StoreKind.all) func anIdIsADuplicateInEveryStateAndNewAgainAfterThePurge(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            #expect(try await store.append(delivery(1)) == .stored)
            #expect(try await store.append(delivery(1)) == .duplicate)
            let first = try #require(try await store.leaseBatch(now: 0).first)
            #expect(try await store.append(delivery(1)) == .duplicate)
            try await store.complete(first.lease, recording: [], now: 50)
            #expect(try await store.append(delivery(1)) == .duplicate)
            let dead = try await store.leaseNew(2)
            try await store.deadLetter(dead.lease, reason: "no", now: 1)
            #expect(try await store.append(delivery(2)) == .duplicate)

            #expect(try await store.purge(completedBefore: 50) == 0)
            #expect(try await store.append(delivery(1)) == .duplicate)
            #expect(try await store.purge(completedBefore: 51) == 1)
            #expect(try await store.append(delivery(1)) == .stored)
            #expect(try await store.append(delivery(2)) == .duplicate)
        }
    }

    @Test func aCompletedDeliverysPayloadIsDropped() async throws {
        try await withStore { store async throws in
            try await store.complete(store.leaseNew(1).lease, recording: [], now: 1)
            try await store.deadLetter(store.leaseNew(2).lease, reason: "no", now: 1)
            _ = try await store.discardDeadLetters(ids: ["sns:2"])
            let payloads = try await store.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM payload") }
            #expect(payloads == 0)
        }
    }

    @Test(arguments: StoreKind.all) func aDuplicateChangesNothing(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1, payload: [1]))
            _ = try await store.append(delivery(1, of: accountRegions[1], at: 9, payload: [2]))
            #expect(try await store.leaseBatch(now: 0).map(\.delivery) == [delivery(1, payload: [1])])
        }
    }

    @Test func aPurgeInSeveralTransactionsFreesSpace() async throws {
        try await withStore { store async throws in
            let payload = [UInt8](repeating: 9, count: 4000)
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<2500 {
                    group.addTask { _ = try await store.append(delivery(number, payload: payload)) }
                }
            }
            while case let taken = try await store.leaseBatch(1000, now: 0), !taken.isEmpty {
                try await withThrowingDiscardingTaskGroup { group in
                    for one in taken { group.addTask { try await store.complete(one.lease, recording: [], now: 1) } }
                }
            }
            let before = try await store.pool.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
            #expect(try await store.purge(completedBefore: 2) == 2500)
            let after = try await store.pool.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
            #expect(after < before)
            #expect(try await store.queueStatus() == QueueStatus())
        }
    }

    @Test(arguments: StoreKind.all) func aRetriedDeliveryIsReadyAtItsTimeWithTheNextAttempt(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let first = try await store.leaseNew(1)
            try await store.retry(first.lease, at: 500, reason: "throttled", now: 10)
            let wait = try await store.lease(limit: 1, for: .seconds(1), owner: "w", now: 499)
            #expect(wait.deliveries.isEmpty)
            #expect(wait.nextReadyAt == 500)
            #expect(try await store.leaseBatch(now: 500).map(\.attempt) == [2])
        }
    }

    @Test(arguments: StoreKind.all) func aRetriedDeliveryWhoseAttemptDoesNotCountKeepsTheReasonAlone(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1))
            for round in 0..<3 {
                let taken = try #require(try await store.leaseBatch(now: Timestamp(round * 500)).first)
                #expect(taken.attempt == 1)
                try await store.retry(
                    taken.lease, at: Timestamp((round + 1) * 500), reason: "denied", isCounted: false,
                    now: Timestamp(round * 500))
                #expect(try await store.leaseBatch(now: Timestamp((round + 1) * 500 - 1)).isEmpty)
            }
            let last = try #require(try await store.leaseBatch(now: 1500).first)
            try await store.deadLetter(last.lease, reason: "permanent failure", now: 1500)
            let letter = try #require(try await store.deadLetters(matching: .all, limit: 1, after: nil).first)
            #expect(letter.attempts == 1 && letter.firstFailedAt == 0)
        }
    }

    @Test(arguments: StoreKind.all) func aReleasedDeliveryIsReadyImmediatelyAndTheAttemptDoesNotCount(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let first = try await store.leaseNew(1)
            let second = try await store.leaseNew(2)
            try await store.complete(second.lease, recording: [], now: 0)
            try await store.release([first.lease, second.lease])
            let again = try await store.leaseBatch(now: 0)
            #expect(again.map(\.delivery.id) == ["sns:1"])
            #expect(again.map(\.attempt) == [1])
        }
    }

    @Test(
        arguments: ["", String(repeating: "x", count: 257), "sns:a b", "sns:\u{0}", "sns:é", "sns:\n"], StoreKind.all)
    func aMalformedIdIsRejected(id: String, kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let bad = Delivery(id: id, accountRegion: accountRegions[0], channel: .sns, receivedAt: 0, payload: [])
            #expect(await failure { _ = try await store.append(bad) } == .invalidValue)
            #expect(try await store.queueStatus() == QueueStatus())
        }
    }

    @Test(arguments: StoreKind.all) func anIdOfMaximumLengthIsStored(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let id = String(repeating: "~", count: 256)
            let long = Delivery(id: id, accountRegion: accountRegions[0], channel: .sns, receivedAt: 0, payload: [])
            #expect(try await store.append(long) == .stored)
            #expect(try await store.leaseBatch(now: 0).first?.lease.deliveryID == id)
        }
    }

    @Test(arguments: StoreKind.all) func leaseArgumentsOutOfRangeAreRejected(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for limit in [0, -1, 1001] {
                #expect(await failure { _ = try await store.leaseBatch(limit, now: 0) } == .invalidValue)
            }
            for owner in ["", "a\u{0}", String(repeating: "x", count: 257)] {
                #expect(await failure { _ = try await store.leaseBatch(now: 0, owner: owner) } == .invalidValue)
            }
            for span in [Duration.zero, .seconds(-1), .microseconds(999)] {
                #expect(
                    await failure { _ = try await store.lease(limit: 1, for: span, owner: "w", now: 0) }
                        == .invalidValue)
            }
        }
    }

    @Test(arguments: StoreKind.all) func aLeaseThatEndsBeyondAllTimeEndsAtTheEndOfTime(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1))
            let batch = try await store.lease(limit: 1, for: .seconds(Int64.max), owner: "w", now: 5)
            #expect(batch.deliveries.first?.lease.until == .latest)
        }
    }

    @Test(arguments: StoreKind.all) func statusCountsEveryState(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            try await store.complete(store.leaseNew(1).lease, recording: [entry("a")], now: 0)
            try await store.complete(
                store.leaseNew(2).lease,
                recording: [
                    entry("b"), entry("c", recordState: .archived), entry("d", isSent: false),
                    entry("e", recordState: .archived, isSent: false),
                ], now: 0)
            try await store.deadLetter(store.leaseNew(3).lease, reason: "no", now: 0)
            _ = try await store.leaseNew(4, now: 70)
            for number in 5...8 { _ = try await store.append(delivery(number, at: 60 + number)) }
            var expected = QueueStatus()
            (expected.pending, expected.leased, expected.completed, expected.dead) = (4, 1, 2, 1)
            expected.oldestReceivedAt = 65
            #expect(try await store.queueStatus() == expected)
            var findings = LedgerCounts()
            (findings.active, findings.archived, findings.unsent) = (2, 1, 2)
            #expect(try await store.ledgerCounts() == findings)
        }
    }
}

/// What a lane still has to process.
@Suite struct UnfinishedDeliveryTests {
    @Test(arguments: StoreKind.all) func completedAndDeadDeliveriesAreFinished(kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let lane = DeliveryLane(accountRegions[0], source: "nozomi")
            #expect(try await store.oldestUnfinished(of: lane) == nil)
            let sources: [(String?, Delivery.Channel)] = [
                ("nozomi", .schedule), ("nozomi-2", .webhook), (nil, .sns), ("nozomi", .webhook), ("nozomi", .sns),
            ]
            for (number, (source, channel)) in sources.enumerated() {
                let delivery = Delivery(
                    id: "test:\(number)", accountRegion: lane.accountRegion, source: source, channel: channel,
                    receivedAt: Timestamp(number * 10), payload: [1])
                _ = try await store.append(delivery)
            }
            #expect(try await store.oldestUnfinished(of: lane) == 30)
            let leased = try await store.lease(limit: 9, for: .seconds(60), owner: "test", now: 30).deliveries
            #expect(leased.count == 4)
            #expect(try await store.oldestUnfinished(of: lane) == 30)
            _ = try await store.complete(leased.map(\.lease), now: 31)
            #expect(try await store.oldestUnfinished(of: lane) == 40)
        }
    }
}

/// How long completed deliveries are kept.
@Suite struct CompletionTimeTests {
    @Test(arguments: StoreKind.all) func theCompletionTimeIsThatOfTheNewestBeyondACount(kind: StoreKind) async throws {
        try await withStore(kind) { store in
            #expect(try await store.completionTime(beyondNewest: 0) == nil)
            for number in 1...4 {
                try await store.complete(store.leaseNew(number).lease, recording: [], now: Timestamp(number * 10))
            }
            for (count, time) in [(0, 40), (1, 30), (3, 10), (4, nil), (9, nil)] as [(Int, Timestamp?)] {
                #expect(try await store.completionTime(beyondNewest: count) == time)
            }
        }
    }
}

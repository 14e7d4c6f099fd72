import AWSCore
import Encoding
import Store
import TestSupport
import Testing

@Suite struct DeadLetterTests {
    @Test(arguments: StoreKind.all) func aDeadLetterKeepsReasonAttemptsFailuresAndPayload(kind: StoreKind) async throws
    {
        try await withStore(kind) { store async throws in
            let first = try await store.leaseNew(1)
            try await store.retry(first.lease, at: 20, reason: "throttled", now: 10)
            let second = try #require(try await store.leaseBatch(now: 20).first)
            try await store.deadLetter(second.lease, reason: "unknown payload", now: 30)
            let expected = DeadLetter(
                delivery: first.delivery, attempts: 2, firstFailedAt: 10, lastFailedAt: 30, reason: "unknown payload")
            #expect(try await store.deadLetters(matching: .all, limit: 10, after: nil) == [expected])
            #expect(try await store.leaseBatch(now: .latest - 1).isEmpty)
        }
    }

    @Test(arguments: StoreKind.all) func deadLettersAreListedByLastFailureInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for (number, time) in [(1, 30), (2, 10), (3, 30), (4, 20)] as [(Int, Timestamp)] {
                try await store.deadLetter(store.leaseNew(number).lease, reason: "no", now: time)
            }
            let page = try await store.deadLetters(matching: .all, limit: 3, after: nil)
            #expect(page.map(\.delivery.id) == ["sns:2", "sns:4", "sns:1"])
            let rest = try await store.deadLetters(matching: .all, limit: 3, after: page.last)
            #expect(rest.map(\.delivery.id) == ["sns:3"])
            #expect(try await store.deadLetters(matching: .all, limit: 3, after: rest.last).isEmpty)
        }
    }

    @Test(arguments: StoreKind.all) func timesOutOfRangeAreClampedAndPagesEnd(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for number in 1...4 {
                try await store.deadLetter(store.leaseNew(number).lease, reason: "no", now: Timestamp(number * 10))
            }
            try await store.run(
                "UPDATE delivery SET last_failed_at = 9000000000000000000 WHERE id IN ('sns:1', 'sns:2')")
            try await store.run("UPDATE delivery SET last_failed_at = -5 WHERE id = 'sns:3'")
            let all = try await store.deadLetters(matching: .all, limit: 10, after: nil)
            #expect(all.map(\.delivery.id) == ["sns:3", "sns:4", "sns:1", "sns:2"])
            #expect(all.map(\.lastFailedAt) == [.earliest, 40, .latest, .latest])
            var (last, pages) = (DeadLetter?.none, 0)
            while let next = try await store.deadLetters(matching: .all, limit: 1, after: last).first, pages < 10 {
                (last, pages) = (next, pages + 1)
            }
            #expect(pages == 3 && last == all[2])
        }
    }

    /// Dead-letters four different deliveries, at 10, 20, 30 and 40.
    private func deadLetterFour(in store: any TestedStore) async throws {
        for (number, (accountRegion, channel, reason)) in [
            (manyAccountRegions[0], Delivery.Channel.sns, "ThrottlingException: slow down"),
            (manyAccountRegions[3], .eventBridge, "the message is not JSON"),
            (manyAccountRegions[1], .eventBridge, "throttled"), (manyAccountRegions[3], .sns, "AccessDenied 100%"),
        ].enumerated() {
            let one = delivery(number, of: accountRegion, from: channel)
            _ = try await store.append(one)
            let leased = try #require(try await store.leaseBatch(now: 0).first)
            try await store.deadLetter(leased.lease, reason: reason, now: Timestamp((number + 1) * 10))
        }
    }

    @Test(arguments: [
        (DeadLetterFilter.all, [0, 1, 2, 3]), (.init(account: manyAccountRegions[3].account), [1, 3]),
        (.init(account: AccountID("999999999999")), []), (.init(region: manyAccountRegions[0].region), [0, 1, 3]),
        (.init(account: manyAccountRegions[0].account, region: manyAccountRegions[0].region), [0]),
        (.init(channels: [.eventBridge]), [1, 2]),
        (.init(channels: [.schedule]), []), (.init(channels: [.schedule, .sns]), [0, 3]),
        (.init(reason: "THROTTL"), [0, 2]), (.init(reason: "100%"), [3]),
        (.init(reason: "thr_ttl"), []), (.init(reason: ""), [0, 1, 2, 3]), (.init(reason: "JSON\u{0}"), []),
        (.init(failedSince: 20), [1, 2, 3]), (.init(failedBefore: 20), [0]),
        (.init(failedSince: 20, failedBefore: 40), [1, 2]), (.init(failedSince: 41), []),
        (.init(channels: [.sns], reason: "denied", failedSince: 10), [3]),
    ])
    func aFilterSelects(filter: DeadLetterFilter, expected: [Int]) async throws {
        for kind in StoreKind.all {
            try await withStore(kind) { store async throws in
                try await deadLetterFour(in: store)
                let letters = try await store.deadLetters(matching: filter, limit: 10, after: nil)
                #expect(letters.map(\.delivery.id) == expected.map { "sns:\($0)" })
                var paged: [DeadLetter] = []
                while case let page = try await store.deadLetters(matching: filter, limit: 1, after: paged.last),
                    !page.isEmpty
                {
                    paged += page
                }
                #expect(paged == letters)
            }
        }
    }

    @Test(arguments: StoreKind.all) func aDeadLetterIsFoundByItsID(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            try await deadLetterFour(in: store)
            _ = try await store.append(delivery(7))
            let all = try await store.deadLetters(matching: .all, limit: 10, after: nil)
            #expect(try await store.deadLetter(id: "sns:2") == all[2])
            for id in ["sns:7", "sns:9", "sns:2\u{0}", ""] { #expect(try await store.deadLetter(id: id) == nil) }
        }
    }

    @Test(arguments: StoreKind.all) func aRequeuedDeadLetterIsAsNew(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let dead = try await store.leaseNew(1)
            try await store.deadLetter(dead.lease, reason: "no", now: 5)
            let pending = try await store.append(delivery(2, at: 1_000))
            #expect(pending == .stored)
            #expect(try await store.requeueDeadLetters(ids: ["sns:1", "sns:2", "sns:3", "sns:1\u{0}"]) == 1)
            let again = try await store.leaseBatch(now: 5)
            #expect(again.map(\.delivery) == [dead.delivery])
            #expect(again.map(\.attempt) == [1])
            #expect(await failure { try await store.complete(dead.lease, recording: [], now: 6) } == .leaseLost)
            try await store.deadLetter(try #require(again.first).lease, reason: "again", now: 8)
            #expect(try await store.deadLetters(matching: .all, limit: 1, after: nil).map(\.firstFailedAt) == [8])
        }
    }

    @Test(arguments: StoreKind.all) func aDiscardedDeadLetterIsForgotten(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            try await store.deadLetter(store.leaseNew(1).lease, reason: "no", now: 5)
            _ = try await store.append(delivery(2))
            #expect(try await store.discardDeadLetters(ids: ["sns:1\u{0}"]) == 0)
            #expect(try await store.discardDeadLetters(ids: ["sns:1", "sns:2"]) == 1)
            #expect(try await store.queueStatus().dead == 0)
            #expect(try await store.append(delivery(1)) == .stored)
        }
    }

    @Test(arguments: StoreKind.all) func aReasonIsTruncatedAndNULIsRemoved(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let reason = "a\u{0}b" + String(repeating: "é", count: 5000)
            try await store.deadLetter(store.leaseNew(1).lease, reason: reason, now: 5)
            let kept = try await store.deadLetters(matching: .all, limit: 1, after: nil).first?.reason
            #expect(kept == "ab" + String(repeating: "é", count: 1021))
        }
    }

    @Test(arguments: StoreKind.all) func aLimitOutOfRangeIsRejected(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            #expect(
                await failure { _ = try await store.deadLetters(matching: .all, limit: 0, after: nil) } == .invalidValue
            )
            #expect(
                await failure { _ = try await store.deadLetters(matching: .all, limit: 1001, after: nil) }
                    == .invalidValue)
        }
    }
}

import Store
import Testing

@Suite struct DeadLetterTests {
    @Test func aDeadLetterKeepsReasonAttemptsFailuresAndPayload() async throws {
        try await withStore { store async throws in
            let first = try await store.takeNew(1)
            try await store.retry(first.lease, at: 20, reason: "throttled", now: 10)
            let second = try #require(try await store.take(now: 20).first)
            try await store.deadLetter(second.lease, reason: "unknown payload", now: 30)
            let expected = DeadLetter(
                delivery: first.delivery, attempts: 2, firstFailedAt: 10, lastFailedAt: 30, reason: "unknown payload")
            #expect(try await store.deadLetters(limit: 10, after: nil) == [expected])
            #expect(try await store.take(now: .max - 1).isEmpty)
        }
    }

    @Test func deadLettersAreListedByLastFailureInPages() async throws {
        try await withStore { store async throws in
            for (number, time) in [(1, Int64(30)), (2, 10), (3, 30), (4, 20)] {
                try await store.deadLetter(store.takeNew(number).lease, reason: "no", now: time)
            }
            let page = try await store.deadLetters(limit: 3, after: nil)
            #expect(page.map(\.delivery.id) == ["sns:2", "sns:4", "sns:1"])
            let rest = try await store.deadLetters(limit: 3, after: page.last)
            #expect(rest.map(\.delivery.id) == ["sns:3"])
            #expect(try await store.deadLetters(limit: 3, after: rest.last).isEmpty)
        }
    }

    @Test func aRequeuedDeadLetterIsAsNew() async throws {
        try await withStore { store async throws in
            let dead = try await store.takeNew(1)
            try await store.deadLetter(dead.lease, reason: "no", now: 5)
            let pending = try await store.append(delivery(2, at: 1_000))
            #expect(pending == .stored)
            #expect(try await store.requeueDeadLetters(ids: ["sns:1", "sns:2", "sns:3", "sns:1\u{0}"]) == 1)
            let again = try await store.take(now: 5)
            #expect(again.map(\.delivery) == [dead.delivery])
            #expect(again.map(\.attempt) == [1])
            #expect(await failure { try await store.complete(dead.lease, recording: [], now: 6) } == .leaseLost)
            try await store.deadLetter(try #require(again.first).lease, reason: "again", now: 8)
            #expect(try await store.deadLetters(limit: 1, after: nil).map(\.firstFailedAt) == [8])
        }
    }

    @Test func aDiscardedDeadLetterIsForgotten() async throws {
        try await withStore { store async throws in
            try await store.deadLetter(store.takeNew(1).lease, reason: "no", now: 5)
            _ = try await store.append(delivery(2))
            #expect(try await store.discardDeadLetters(ids: ["sns:1\u{0}"]) == 0)
            #expect(try await store.discardDeadLetters(ids: ["sns:1", "sns:2"]) == 1)
            #expect(try await store.status().dead == 0)
            #expect(try await store.append(delivery(1)) == .stored)
        }
    }

    @Test func aReasonIsCutAndFreedOfNul() async throws {
        try await withStore { store async throws in
            let reason = "a\u{0}b" + String(repeating: "é", count: 5000)
            try await store.deadLetter(store.takeNew(1).lease, reason: reason, now: 5)
            let kept = try await store.deadLetters(limit: 1, after: nil).first?.reason
            #expect(kept == "ab" + String(repeating: "é", count: 1021))
        }
    }

    @Test func aLimitOutOfRangeIsRefused() async throws {
        try await withStore { store async throws in
            #expect(await failure { _ = try await store.deadLetters(limit: 0, after: nil) } == .invalidValue)
            #expect(await failure { _ = try await store.deadLetters(limit: 1001, after: nil) } == .invalidValue)
        }
    }
}

import AWSCore
import Encoding
import EventLoop
import Fixtures
import JSON
import SQLiteStore
import Store
import TestSupport
import Testing

@testable import Planning
@testable import Processing
@testable import Telemetry

@Suite("Limits for dead letters", .timeLimit(.minutes(15))) struct DeadLetterKeeperTests {
    @Test(
        "Dead letters beyond the limit are dropped, counted, and logged once a minute")
    func flood() async throws {
        try await ProcessingHarness.run { harness in
            harness.processing.deadLetters.limits.set(DeadLetterLimits(maximumCount: 20, maximumBytes: 1 << 20))
            for minute in 0..<3 {
                for number in 0..<30 {
                    let id = "\(minute)-\(number)"
                    _ = try await harness.store.append(
                        delivery(id, ["hello": 1], of: accountRegion(), at: harness.time.now))
                    let leased = try #require(
                        try await harness.store.lease(limit: 1, for: .seconds(60), owner: "test", now: harness.time.now)
                            .deliveries.first)
                    await harness.processing.completer.finish(
                        leased, about: .unknown, .rejected("no"), as: .notUnderstood)
                }
                #expect(try await harness.store.queueStatus().dead == 10)
                #expect(harness.recorder.count(.deadLettersDropped) == minute + 1)
                harness.time.advance(by: .seconds(60))
            }
            #expect(try await harness.store.deadLetterUsage().dropped == 80)
            #expect(try await harness.store.verify() == [])
        }
    }

    @Test("Maintenance drops dead letters that are too old or beyond lowered limits")
    func maintenance() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<6 {
                _ = try await harness.store.append(
                    delivery("\(number)", ["hello": 1], of: accountRegion(), at: harness.time.now))
                let leased = try #require(
                    try await harness.store.lease(limit: 1, for: .seconds(60), owner: "test", now: harness.time.now)
                        .deliveries.first)
                await harness.processing.completer.finish(leased, about: .unknown, .rejected("no"))
                harness.time.advance(by: .seconds(1800))
            }
            var settings = ProcessingSettings.standard
            settings.maximumDeadLetterAge = .seconds(7200)
            let maintenance = harness.maintenance(settings)
            await maintenance.removeExpired()
            #expect(try await harness.store.queueStatus().dead == 4)
            harness.processing.deadLetters.limits.set(
                DeadLetterLimits(maximumCount: 4, maximumBytes: DeadLetterLimits.standard.maximumBytes))
            await maintenance.removeExpired()
            #expect(try await harness.store.queueStatus().dead == 2)
            #expect(harness.recorder.count(.deadLettersDropped) == 1)
        }
    }

    @Test("Completed deliveries beyond the limit are deleted early, except those that Amazon SNS may repeat")
    func completed() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<10 {
                _ = try await harness.store.append(
                    delivery("\(number)", ["hello": 1], of: accountRegion(), at: harness.time.now))
                let leased = try #require(
                    try await harness.store.lease(limit: 1, for: .seconds(60), owner: "test", now: harness.time.now)
                        .deliveries.first)
                _ = try await harness.store.complete([leased.lease], now: harness.time.now)
                harness.time.advance(by: .seconds(1800))
            }
            // The last was completed half an hour ago, the first five hours ago.
            for (limit, left) in [(20, 10), (7, 8), (1, 4)] {
                let maintenance = harness.maintenance(.standard, completedLimit: limit)
                await maintenance.removeExpired()
                #expect(try await harness.store.queueStatus().completed == left, "\(limit)")
            }
        }
    }
}

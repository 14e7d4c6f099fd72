import AWSCore
import Encoding
import EventLoop
import Fixtures
import SQLiteStore
import Store
import TestSupport
import Testing

@testable import Processing

/// Tests when catch-up is queued.
@Suite struct CatchUpSchedulerTests {
    @Test("A gap is consumed once, two minutes after the last deferral")
    func gap() {
        let gap = OutageTracker()
        #expect(!gap.consume(now: .zero))
        gap.recordDeferral(now: .zero)
        #expect(!gap.consume(now: OutageTracker.timeout - .milliseconds(1)))
        gap.recordDeferral(now: .milliseconds(1))
        #expect(!gap.consume(now: OutageTracker.timeout))
        #expect(gap.consume(now: .milliseconds(1) + OutageTracker.timeout))
        #expect(!gap.consume(now: OutageTracker.timeout * 10))
    }

    @Test(
        "Endless deferrals trigger catch-up every ten minutes, neither more often nor never"
    )
    func endlessGap() {
        let gap = OutageTracker()
        var times: [Duration] = []
        // A deferral each minute, and a poll every half minute, for three hours.
        for second in stride(from: 0, to: 3 * 3600, by: 30) {
            let now = Duration.seconds(second)
            if second.isMultiple(of: 60) { gap.recordDeferral(now: now) }
            if gap.consume(now: now) { times.append(now) }
        }
        #expect((16...18).contains(times.count))
        // Deferrals at larger intervals trigger it no more often.
        let other = OutageTracker()
        let count = stride(from: 0, to: 3 * 3600, by: 30).count { second in
            if second.isMultiple(of: 150) { other.recordDeferral(now: .seconds(second)) }
            return other.consume(now: .seconds(second))
        }
        #expect((1...18).contains(count))
    }

    @Test("A suspended machine and a changed clock trigger catch-up, passing time does not")
    func interruption() {
        func isInterrupted(_ wall: Int, _ monotonic: Int) -> Bool {
            CatchUpScheduler.wasInterrupted(
                since: (now, .seconds(1)), now: now + wall, elapsed: .milliseconds(1000 + monotonic))
        }
        #expect(!isInterrupted(30_000, 30_000) && !isInterrupted(120_000, 120_000) && !isInterrupted(0, 30_000))
        #expect(
            isInterrupted(121_000, 121_000) && isInterrupted(7_200_000, 30_000) && isInterrupted(-7_200_000, 30_000))
    }

    private func pending(_ harness: ProcessingHarness) async throws -> Int {
        try await harness.store.queueStatus().pending
    }

    @Test("Catch-up is queued after the interval, once for all replicas, and immediately after a gap")
    func schedule() async throws {
        try await ProcessingHarness.run { harness in
            let other = try accountRegion("eu-west-1")
            func settings(_ interval: Duration?) throws -> ProcessingSettings {
                var settings = ProcessingSettings.standard
                settings.accountRegions = [try accountRegion()]
                settings.catchUpInterval = interval
                return settings
            }
            let current = Reloadable(try settings(nil))
            let schedule = CatchUpScheduler(
                store: harness.store, clock: harness.processing.clock, trust: harness.processing.trust,
                settings: current, gap: OutageTracker(), logger: harness.processing.logger)
            try await schedule.appendDue(hasGap: true)
            #expect(try await pending(harness) == 0)
            current.set(try settings(.seconds(3600)))
            try await harness.store.advanceCatchUpWatermark(of: accountRegion(), to: now)
            harness.time.advance(by: .milliseconds(3_599_999))
            try await schedule.appendDue(hasGap: false)
            #expect(try await pending(harness) == 0)
            harness.time.advance(by: .milliseconds(1))
            try await schedule.appendDue(hasGap: false)
            try await schedule.appendDue(hasGap: false)
            #expect(try await pending(harness) == 1)
            try await schedule.appendDue(hasGap: true)
            try await schedule.appendDue(hasGap: true)
            #expect(try await pending(harness) == 2)
            // An account and Region that is only in the ledger is included, and was never queried.
            try await harness.store.finishLedger(of: other, appliedAudits: [], now: now)
            try await schedule.appendDue(hasGap: false)
            #expect(try await pending(harness) == 3)
        }
    }
}

import AWSClient
import AWSCore
import Encoding
import EventLoop
import Fixtures
import JSON
import Planning
import SQLiteStore
import Store
import TestSupport
import Testing

@testable import Processing

/// Findings of a mapped source that it does not report any longer.
@Suite struct SourceExpiryTests {
    private let source: MappedSourceFixture

    init() throws { source = try MappedSourceFixture(expireAfter: .seconds(3600)) }

    private func schedule(
        _ harness: ProcessingHarness, trust: ClockTrust? = nil, settings: ProcessingSettings? = nil
    ) async throws {
        let scheduler = ExpiryScheduler(
            store: harness.store, clock: harness.processing.clock, trust: trust ?? harness.processing.trust,
            circuitBreakers: harness.processing.circuitBreakers)
        try await scheduler.schedule((settings ?? source.settings).sources, at: 0)
    }

    private func pending(_ harness: ProcessingHarness) async throws -> Int {
        try await harness.store.queueDepths(now: harness.time.now, after: nil, limit: 1000)
            .filter { $0.source == source.lane.source && $0.state != .dead }.reduce(0) { $0 + $1.count }
    }

    /// Runs a test with a finding that is reported no longer, and one that is.
    private func run(_ body: (ProcessingHarness) async throws -> Void) async throws {
        try await ProcessingHarness.run { harness in
            try await harness.store.finishLedger(of: source.lane.accountRegion, appliedAudits: [], now: now)
            try await source.process([source.item(1), source.item(2)], harness)
            harness.time.advance(by: .seconds(3000))
            try await source.process([source.item(2)], harness)
            try await schedule(harness)
            #expect(try await pending(harness) == 0)
            harness.time.advance(by: .seconds(601))
            try await body(harness)
        }
    }

    @Test("A finding that is not reported for expireAfter is archived, and active again when it is reported")
    func expiry() async throws {
        try await run { harness in
            try await schedule(harness)
            try await schedule(harness)
            #expect(try await pending(harness) == 1)
            try await source.process([], harness)
            #expect(try await source.states(harness, [1, 2]) == [.archived, .active])
            harness.time.advance(by: .seconds(60))
            try await schedule(harness)
            #expect(try await pending(harness) == 0)
            try await source.process([source.item(1)], harness)
            #expect(try await source.states(harness, [1, 2]) == [.active, .active])
        }
    }

    @Test("Nothing expires while deliveries of the source wait") func waiting() async throws {
        try await run { harness in
            // It is leased by a worker that vanishes.
            let waiting = Delivery(
                id: "webhook:waiting", accountRegion: source.lane.accountRegion, source: source.lane.source,
                channel: .webhook, receivedAt: harness.time.now, payload: source.item(1).serialized())
            _ = try await harness.store.append(waiting)
            let leases = try await harness.leaseReady().map(\.leased.lease)
            try await schedule(harness)
            #expect(try await pending(harness) == 2)
            harness.time.advance(by: .seconds(61))
            _ = try await harness.store.extend(leases, for: .seconds(600), now: harness.time.now)
            try await source.process([], harness)
            #expect(try await source.states(harness, [1, 2]) == [.active, .active])
            try await schedule(harness)
            #expect(try await pending(harness) == 1)
            _ = try await harness.store.complete(leases, now: harness.time.now)
            try await schedule(harness)
            try await source.process([], harness)
            #expect(try await source.states(harness, [1, 2]) == [.archived, .active])
        }
    }

    @Test("A source that sends all the time does not keep its other findings from expiring") func busy() async throws {
        try await run { harness in
            let busy = Delivery(
                id: "webhook:busy", accountRegion: source.lane.accountRegion, source: source.lane.source,
                channel: .webhook, receivedAt: harness.time.now, payload: source.item(2).serialized())
            _ = try await harness.store.append(busy)
            _ = try await harness.leaseReady()
            harness.time.advance(by: .seconds(5))
            try await schedule(harness)
            // What arrives after the task was queued is processed before it.
            try await source.process([], harness)
            #expect(try await source.states(harness, [1, 2]) == [.archived, .active])
        }
    }

    @Test("A report that arrives after the task was queued keeps its finding active") func report() async throws {
        try await run { harness in
            try await schedule(harness)
            try await source.process([source.item(1)], harness)
            #expect(try await source.states(harness, [1, 2]) == [.active, .active])
            #expect(try await pending(harness) == 0)
        }
    }

    @Test("Nothing expires while the source or its account is paused or suspended") func paused() async throws {
        try await run { harness in
            let scopes = [
                Pause.Scope.all, .account(source.lane.accountRegion.account), .source(source.lane.source ?? ""),
            ]
            for scope in scopes {
                try await harness.store.pause(Pause(scope, pausedBy: "test", pausedAt: now, reason: nil))
                try await schedule(harness)
                _ = try await harness.store.resume(scope)
            }
            #expect(try await pending(harness) == 0)
            try await harness.store.pause(Pause(.source("other"), pausedBy: "test", pausedAt: now, reason: nil))
            try await schedule(harness)
            #expect(try await pending(harness) == 1)
        }
    }

    @Test("Nothing expires soon after an outage, a restart after an outage, or a step of the clock")
    func outage() async throws {
        try await run { harness in
            let clock = harness.processing.clock
            func trust() -> ClockTrust {
                ClockTrust(
                    now: clock.now, elapsed: clock.elapsed, serviceNow: clock.now, isChecked: true,
                    logger: harness.processing.logger)
            }
            let first = trust()
            try await schedule(harness, trust: first)
            #expect(try await pending(harness) == 0, "the clock is not checked yet")
            try await first.check(with: harness.store)
            #expect(first.allowsExpiry(after: .seconds(3600)))
            // Down for 20 minutes.
            harness.time.advance(by: .seconds(1200))
            try await first.check(with: harness.store)
            #expect(!first.allowsExpiry(after: .seconds(3600)))
            harness.time.advance(by: .seconds(600))
            let second = trust()
            try await second.check(with: harness.store)
            try await schedule(harness, trust: second)
            #expect(try await pending(harness) == 0)
            for _ in 0..<5 {
                harness.time.advance(by: .seconds(600))
                try await second.check(with: harness.store)
            }
            #expect(second.allowsExpiry(after: .seconds(3600)) && !second.allowsExpiry(after: .seconds(86_400)))
            try await schedule(harness, trust: second)
            #expect(try await pending(harness) == 1)
            // Deliveries were deferred for long, although the bridge ran.
            try await second.check(with: harness.store, outageEndedAt: harness.time.now)
            #expect(!second.allowsExpiry(after: .seconds(60)))
            harness.time.advance(by: .seconds(60))
            #expect(second.allowsExpiry(after: .seconds(60)))
        }
    }

    @Test("Deferrals for more than 15 minutes without a pause are a long outage") func longOutage() {
        let gap = OutageTracker()
        for seconds in stride(from: 0, through: 900, by: 60) { gap.recordDeferral(now: .seconds(seconds)) }
        #expect(gap.longOutageEndedAt == nil)
        gap.recordDeferral(now: .seconds(960))
        #expect(gap.longOutageEndedAt == .seconds(960))
        gap.recordDeferral(now: .seconds(970))
        gap.forgetLongOutage(endedAt: .seconds(960))
        #expect(gap.longOutageEndedAt == .seconds(970))
        gap.forgetLongOutage(endedAt: .seconds(970))
        gap.recordDeferral(now: .seconds(2000))
        #expect(gap.longOutageEndedAt == nil)
    }

    @Test("Findings of a source that is not configured, or has no expireAfter, do not expire") func removed()
        async throws
    {
        try await run { harness in
            var settings = source.settings
            settings.sources["nozomi"]?.expireAfter = nil
            try await schedule(harness, settings: settings)
            #expect(try await pending(harness) == 0)
            try await schedule(harness)
            settings.sources = [:]
            try await source.process([], harness, settings: settings)
            #expect(try await source.states(harness, [1, 2]) == [.active, .active])
        }
    }

    @Test("An operator archives all findings of a source, also of one that is not configured") func archive()
        async throws
    {
        try await run { harness in
            var settings = source.settings
            settings.sources = [:]
            let task = InternalTask.archiveSource(reportedBefore: harness.time.now)
            _ = try await harness.store.append(
                task.delivery(of: source.lane.accountRegion, source: source.lane.source, now: harness.time.now))
            try await source.process([], harness, settings: settings)
            #expect(try await source.states(harness, [1, 2]) == [.archived, .archived])
        }
    }

    @Test("Expired findings are looked up about a hundred times in expireAfter") func interval() {
        let times: [(Int, Int)] = [(60, 1), (3600, 1), (86_400, 28), (7 * 86_400, 120), (85 * 86_400, 120)]
        for (seconds, checks) in times {
            #expect(ExpiryScheduler.checksBetween(expireAfter: .seconds(seconds)) == checks)
        }
    }
}

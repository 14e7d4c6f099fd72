import AWSCore
import Encoding
import EventLoop
import Fixtures
import Logging
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing

@Suite("Clock trust", .timeLimit(.minutes(15)))
struct ClockTrustTests {
    private static let (hour, day) = (3_600_000 as Int64, 86_400_000 as Int64)

    /// A clock that can be set, with an independent monotonic time.
    private final class Times: Sendable {
        private let state = Mutex((offset: Int64(0), elapsed: Int64(0), service: Int64?.none))

        /// Sets the clock ahead, or back.
        func step(by milliseconds: Int64) { state.withLock { $0.offset += milliseconds } }
        func pass(_ milliseconds: Int64) { state.withLock { $0.elapsed += milliseconds } }
        /// Sets how far the clock of AWS is ahead of the right time; nil for unknown.
        func service(ahead milliseconds: Int64?) { state.withLock { $0.service = milliseconds } }

        var clock: Timestamp { state.withLock { now + $0.offset + $0.elapsed } }
        var elapsed: Duration { .milliseconds(state.withLock { $0.elapsed }) }
        var service: Timestamp? { state.withLock { state in state.service.map { now + $0 + state.elapsed } } }

        func trust() -> ClockTrust {
            ClockTrust(
                now: { self.clock }, elapsed: { self.elapsed }, serviceNow: { self.service }, isChecked: true,
                logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
        }

        /// Lets time pass in steps, with a check after each.
        func run(for milliseconds: Int64, _ trust: ClockTrust, by store: any Store) async throws {
            for _ in 0..<(milliseconds / 600_000) {
                pass(600_000)
                try await trust.check(with: store)
            }
        }
    }

    @Test("Only a jump ahead by more than an hour starts a hold, unless AWS confirmed both times")
    func rule() {
        func mark(_ advance: Int64, wasConfirmed: Bool, service: Int64?, held: Timestamp = 0) -> ClockMark? {
            ClockRule.mark(
                after: ClockMark(newest: now, isConfirmed: wasConfirmed, heldUntil: held), now: now + advance,
                serviceNow: service.map { now + advance + $0 })
        }
        #expect(
            ClockRule.mark(after: nil, now: now, serviceNow: nil)
                == ClockMark(newest: now, isConfirmed: false, heldUntil: 0))
        for advance in [-Self.day, -1, 0, Self.hour] {
            #expect(mark(advance, wasConfirmed: false, service: nil)?.heldUntil == 0)
        }
        for (wasConfirmed, service) in [(false, nil), (false, 0), (true, 300_001), (true, -Self.hour)]
            as [(Bool, Int64?)]
        {
            let end = mark(Self.hour + 1, wasConfirmed: wasConfirmed, service: service)?.heldUntil
            #expect(end == now + Self.hour + 1 + Self.day)
        }
        #expect(mark(3 * Self.day, wasConfirmed: true, service: 300_000)?.heldUntil == 0)
        // After a downtime, AWS's time is needed first.
        #expect(mark(3 * Self.day, wasConfirmed: true, service: nil) == nil)
        // A hold is never longer than a day.
        #expect(mark(-Self.day, wasConfirmed: true, service: 0, held: now + 40 * Self.day)?.heldUntil == now)
        for value in [Timestamp.earliest, .latest] {
            let last = ClockMark(newest: value, isConfirmed: false, heldUntil: value)
            for time in [Timestamp.earliest, now, .latest] {
                _ = ClockRule.mark(after: last, now: time, serviceNow: time)
            }
        }
    }

    @Test("A jump ahead is detected immediately and across restarts; a day later the clock is trusted again")
    func jump() async throws {
        try await withStore { store in
            let times = Times()
            let trust = times.trust()
            #expect(!trust.isTrusted && trust.trustedTime == nil)
            try await trust.check(with: store)
            #expect(trust.isTrusted && trust.trustedTime == now)
            times.step(by: Self.hour)
            #expect(trust.isTrusted)
            times.step(by: 26 * Self.hour)
            #expect(!trust.isTrusted && trust.trustedTime == nil)
            try await trust.check(with: store)
            #expect(!trust.isTrusted)
            let restarted = times.trust()
            try await restarted.check(with: store)
            #expect(!restarted.isTrusted)
            try await times.run(for: Self.day - 600_000, restarted, by: store)
            #expect(!restarted.isTrusted)
            try await times.run(for: 600_000, restarted, by: store)
            #expect(restarted.isTrusted)
        }
    }

    @Test("A jump during a downtime is detected, and a downtime confirmed by AWS is not a jump")
    func restart() async throws {
        try await withStore { store in
            let times = Times()
            times.service(ahead: 0)
            try await times.trust().check(with: store)
            // Three days of downtime, which AWS confirms.
            times.pass(3 * Self.day)
            times.service(ahead: nil)
            let later = times.trust()
            try await later.check(with: store)
            #expect(!later.isTrusted && later.trustedTime == nil)
            times.service(ahead: 0)
            try await later.check(with: store)
            #expect(later.isTrusted)
            // The clock of another boot is years ahead.
            times.service(ahead: nil)
            times.step(by: 1200 * Self.day)
            let wrong = times.trust()
            try await wrong.check(with: store)
            #expect(!wrong.isTrusted)
            times.service(ahead: 0)
            try await wrong.check(with: store)
            #expect(!wrong.isTrusted && wrong.trustedTime == wrong.bestTime && wrong.bestTime == now + 3 * Self.day)
            times.step(by: -1200 * Self.day)
            try await wrong.check(with: store)
            #expect(!wrong.isTrusted)
            try await times.run(for: Self.day, wrong, by: store)
            #expect(wrong.isTrusted)
        }
    }

    @Test("A clock that differs from AWS's is not trusted", arguments: [-Self.day, -300_001, 300_001, Self.hour])
    func differs(ahead: Int64) async throws {
        try await withStore { store in
            let times = Times()
            times.service(ahead: 0)
            let trust = times.trust()
            try await trust.check(with: store)
            #expect(trust.isTrusted)
            times.step(by: ahead)
            #expect(!trust.isTrusted && trust.bestTime == now)
            times.step(by: -ahead)
            #expect(trust.isTrusted)
        }
    }

    @Test("After a jump ahead nothing is deleted or dead-lettered by age; a day later it is")
    func deletion() async throws {
        try await ProcessingHarness.run { harness in
            let times = Times()
            let processing = ProcessingComponents(
                store: harness.store, loop: harness.loop, now: { times.clock }, elapsed: { times.elapsed },
                trust: times.trust(), jitter: 1, logger: harness.processing.logger)
            var settings = ProcessingSettings.standard
            settings.accountRegions = [try accountRegion()]
            let upkeep = harness.maintenance(settings, processing)
            try await processing.trust.check(with: harness.store)
            _ = try await harness.store.append(delivery("done", Messages.alarm("v1"), of: accountRegion()))
            _ = try await harness.store.append(delivery("denied", Messages.alarm("v2"), of: accountRegion()))
            let leased = try await harness.store.lease(limit: 10, for: .seconds(60), owner: "test", now: now).deliveries
            _ = try await harness.store.complete([leased[0].lease], now: now)
            times.step(by: 120 * Self.day)
            await processing.completer.finish(leased[1], about: .unknown, .accessDenied("no permission"))
            await upkeep.removeExpired()
            var status = try await harness.store.queueStatus()
            #expect(status.completed == 1 && status.dead == 0 && status.pending == 1)
            try await times.run(for: Self.day, processing.trust, by: harness.store)
            await upkeep.removeExpired()
            status = try await harness.store.queueStatus()
            #expect(status.completed == 0)
        }
    }
}

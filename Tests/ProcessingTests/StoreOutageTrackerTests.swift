import Encoding
import Fixtures
import Logging
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Processing
@testable import Telemetry

@Suite("Store outages") struct StoreOutageTrackerTests {
    @Test("An outage is reported at its start, each minute with the count, and at its end")
    func outage() {
        var record = OutageRecord()
        #expect(record.succeeded(now: .zero) == nil && !record.isOut)
        #expect(record.failed("full", now: .seconds(1)) == .began(reason: "full"))
        for time in stride(from: 1001, to: 61_000, by: 1000) {
            #expect(record.failed("full", now: .milliseconds(time)) == nil)
        }
        #expect(record.isOut)
        #expect(
            record.failed("fuller", now: .seconds(61))
                == .continues(reason: "fuller", failures: 62, duration: .seconds(60)))
        #expect(record.failed("fuller", now: .seconds(62)) == nil)
        #expect(record.succeeded(now: .seconds(65)) == .ended(failures: 63, duration: .seconds(64)))
        #expect(!record.isOut && record.succeeded(now: .seconds(70)) == nil)
        #expect(record.failed("again", now: .seconds(71)) == .began(reason: "again"))
    }

    @Test("Intermittent successes do not end an outage")
    func flapping() {
        var record = OutageRecord()
        #expect(record.failed("full", now: .zero) == .began(reason: "full"))
        for time in stride(from: 1000, to: 50_000, by: 1000) {
            #expect(record.succeeded(now: .milliseconds(time)) == nil)
            #expect(record.failed("full", now: .milliseconds(time + 1)) == nil)
        }
    }

    @Test("Each relapse doubles the quiet period that ends an outage")
    func comingBack() {
        var record = OutageRecord()
        var (lines, now) = (0, Duration.zero)
        // One operation fails every five seconds, and all others succeed: a lock, or a missing permission.
        while now < .seconds(600) {
            if record.failed("locked", now: now) != nil { lines += 1 }
            for _ in 0..<4 {
                now += .seconds(1)
                if record.succeeded(now: now) != nil { lines += 1 }
            }
            now += .seconds(1)
        }
        #expect(lines < 20, "\(lines)")
    }

    @Test("Outages of intake and of processing are reported separately")
    func uses() {
        let recorder = LogRecorder()
        let logger = Logger(label: "test") { _ in LogRecorderHandler(recorder: recorder) }
        let outage = StoreOutageTracker(logger: logger, clock: { .zero })
        outage.failed("locked", to: .work)
        outage.succeeded(in: .intake)
        #expect(outage.isOut && outage.isOut(.work) && !outage.isOut(.intake))
        #expect(recorder.count(.storeUnavailableToWorkers) == 1)
        outage.failed("full", to: .intake)
        #expect(recorder.count(.storeUnavailable) == 1)
    }
}

@Suite("Readiness") struct ReadinessTests {
    @Test("Two hundred concurrent checks share one probe, and the next probe runs a second later")
    func shared() async throws {
        let folder = try TemporaryFolder()
        let commits = Atomic(0)
        let report: StoreEvent.Report = { event in
            if case .committed = event { commits.add(1, ordering: .sequentiallyConsistent) }
        }
        let store = try await SQLiteStore(path: folder.path("store.db"), report: report)
        let time = Mutex(ContinuousClock.now)
        let readiness = Readiness(store, instant: { time.withLock { $0 } })
        let before = commits.load(ordering: .sequentiallyConsistent)
        func ask() async -> Int {
            await withDiscardingTaskGroup { group in
                for _ in 0..<200 { group.addTask { try? await readiness.check() } }
            }
            return commits.load(ordering: .sequentiallyConsistent) - before
        }
        #expect(await ask() == 1)
        #expect(await ask() == 1)
        time.withLock { $0 += .seconds(1) }
        #expect(await ask() == 2)
        await store.close()
    }
}

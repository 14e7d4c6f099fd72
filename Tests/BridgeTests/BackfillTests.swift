import AWSCore
import Encoding
import Fixtures
import Store
import TestSupport
import Testing

@testable import Bridge
@testable import Processing
@testable import Telemetry

@Suite struct BackfillTests {
    private func depth(
        _ region: String = "us-east-1", _ state: QueueDepth.State = .pending, _ count: Int = 1, since time: Timestamp
    ) throws -> QueueDepth {
        QueueDepth(accountRegion: try accountRegion(region), state: state, count: count, oldestReceivedAt: time)
    }

    @Test("A backfill is complete when its queries, and all deliveries received until then, are processed")
    func over() throws {
        let both: Set = [try accountRegion(), try accountRegion("eu-west-1")]
        let before = [try depth("us-east-1", .dead, 2, since: 1)]
        var progress = BackfillProgress(lanes: Set(both.map { DeliveryLane($0) }), startedAt: 10, before: before)
        var changed = false
        let questions = [try depth(since: 10), try depth("eu-west-1", .leased, since: 10)]
        changed = progress.update(before + questions, now: 11)
        #expect(changed)
        changed = progress.update(before + questions, now: 11)
        #expect(!changed)
        #expect(progress.report == Backfill.Report(accountRegions: 2, completedQueries: 0, remaining: 2, peak: 2))
        // One query found 40 deliveries. Another account-Region has deliveries, too.
        let found = [try depth("us-east-1", .waiting, 40, since: 12), try depth("eu-west-2", since: 1)]
        changed = progress.update(before + found + [questions[1]], now: 20)
        #expect(changed)
        #expect(progress.report == Backfill.Report(accountRegions: 2, completedQueries: 1, remaining: 41, peak: 41))
        changed = progress.update(before + found, now: 21)
        #expect(changed)
        #expect(
            progress.report
                == Backfill.Report(
                    accountRegions: 2, completedQueries: 2, remaining: 40, peak: 41,
                    waitingFor: "the retry of failed deliveries (40); see the log for the reasons"))
        // Deliveries received after the last query do not belong to the backfill.
        let given = [try depth("us-east-1", .dead, 3, since: 1), try depth("us-east-1", .pending, 5, since: 21)]
        changed = progress.update(given, now: 30)
        #expect(changed && !progress.report.isComplete && progress.report.deadLettered == 1)
        changed = progress.update([try depth("us-east-1", .pending, 5, since: 22)], now: 31)
        #expect(changed)
        #expect(progress.report.isComplete && progress.report.remaining == 5)
    }

    @Test("The report names what deliveries wait for: a resume, access, another bridge or a retry")
    func waiting() throws {
        let one = try accountRegion()
        var progress = BackfillProgress(lanes: [DeliveryLane(one)], startedAt: 10, before: [])
        func wait(_ depths: [QueueDepth], _ obstacles: BackfillProgress.Obstacles = .init()) -> String? {
            _ = progress.update(depths, obstacles, now: 11)
            return progress.report.waitingFor
        }
        let pending = [try depth(since: 10)], waiting = [try depth("us-east-1", .waiting, 3, since: 10)]
        #expect(wait(pending) == nil)
        #expect(wait(waiting) == "the retry of failed deliveries (3); see the log for the reasons")
        #expect(wait(pending + waiting) == nil)
        #expect(wait(pending, .init(isServed: true))?.hasPrefix("the running bridge;") == true)
        let denial = CircuitBreakers.Entry(
            lane: DeliveryLane(one),
            denial: CircuitBreaker.Denial(
                cause: .accessDenied, reason: "AccessDenied", since: .seconds(1), retryAt: .seconds(2), attempts: 1))
        let elsewhere = CircuitBreakers.Entry(lane: DeliveryLane(try accountRegion("eu-west-1")), denial: denial.denial)
        #expect(wait(waiting, .init(denials: [elsewhere, denial])) == "access to \(one): AccessDenied")
        #expect(wait(pending, .init(denials: [elsewhere])) == nil)
        let pause = Pause(.account(one.account), pausedBy: "ops", pausedAt: 1, reason: nil)
        #expect(
            wait(pending, .init(denials: [denial], pauses: [pause]))
                == "sending to resume; run defender-bridge resume --account \(one.account)")
        _ = progress.update([], now: 12)
        #expect(progress.report.isComplete && progress.report.waitingFor == nil)
    }

    @Test("With an empty queue a backfill is complete immediately")
    func empty() throws {
        var progress = BackfillProgress(lanes: [DeliveryLane(try accountRegion())], startedAt: 10, before: [])
        let changed = progress.update([], now: 11)
        #expect(changed)
        #expect(progress.report.isComplete && progress.report.completedQueries == 1)
    }
}

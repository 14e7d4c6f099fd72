import AWSCore
import Store
import Testing

@testable import Bridge

@Suite struct BackfillTests {
    private func depth(
        _ region: String = "us-east-1", _ state: QueueDepth.State = .pending, _ count: Int = 1, since time: Int64
    ) throws -> QueueDepth {
        QueueDepth(accountRegion: try accountRegion(region), state: state, count: count, oldestReceivedAt: time)
    }

    @Test("It is over when the questions, and all that came in until they were answered, are done")
    func over() throws {
        let both: Set = [try accountRegion(), try accountRegion("eu-west-1")]
        let before = [try depth("us-east-1", .dead, 2, since: 1)]
        var progress = BackfillProgress(accountRegions: both, startedAt: 10, before: before)
        var changed = false
        let questions = [try depth(since: 10), try depth("eu-west-1", .leased, since: 10)]
        changed = progress.update(before + questions, now: 11)
        #expect(changed)
        changed = progress.update(before + questions, now: 11)
        #expect(!changed)
        #expect(progress.report == Backfill.Report(accountRegions: 2, completedQueries: 0, remaining: 2, peak: 2))
        // One has found 40 deliveries; of another account and Region there is something, too.
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
                    waitingFor: "the next attempt of 40 deliveries that failed; the log has the reasons"))
        // What comes in after the last answer is nobody's question.
        let given = [try depth("us-east-1", .dead, 3, since: 1), try depth("us-east-1", .pending, 5, since: 21)]
        changed = progress.update(given, now: 30)
        #expect(changed && !progress.report.isComplete && progress.report.deadLettered == 1)
        changed = progress.update([try depth("us-east-1", .pending, 5, since: 22)], now: 31)
        #expect(changed)
        #expect(progress.report.isComplete && progress.report.remaining == 5)
    }

    @Test("What is left says what it waits for: a resume, access, another bridge, the next attempt")
    func waiting() throws {
        let one = try accountRegion()
        var progress = BackfillProgress(accountRegions: [one], startedAt: 10, before: [])
        func wait(_ depths: [QueueDepth], _ obstacles: BackfillProgress.Obstacles = .init()) -> String? {
            _ = progress.update(depths, obstacles, now: 11)
            return progress.report.waitingFor
        }
        let pending = [try depth(since: 10)], waiting = [try depth("us-east-1", .waiting, 3, since: 10)]
        #expect(wait(pending) == nil)
        #expect(wait(waiting) == "the next attempt of 3 deliveries that failed; the log has the reasons")
        #expect(wait(pending + waiting) == nil)
        #expect(wait(pending, .init(isServed: true))?.hasPrefix("the bridge that serves from this store") == true)
        let denial = CircuitBreakers.Entry(
            accountRegion: one,
            denial: CircuitBreaker.Denial(
                cause: .accessDenied, reason: "AccessDenied", since: 1, retryAt: 2, attempts: 1))
        let elsewhere = CircuitBreakers.Entry(accountRegion: try accountRegion("eu-west-1"), denial: denial.denial)
        #expect(wait(waiting, .init(denials: [elsewhere, denial])) == "access in \(one): AccessDenied")
        #expect(wait(pending, .init(denials: [elsewhere])) == nil)
        let pause = Pause(account: one.account, pausedBy: "ops", pausedAt: 1, reason: nil)
        #expect(
            wait(pending, .init(denials: [denial], pauses: [pause]))
                == "defender-bridge resume --account \(one.account): sending is paused")
        _ = progress.update([], now: 12)
        #expect(progress.report.isComplete && progress.report.waitingFor == nil)
    }

    @Test("With nothing left it is over at once")
    func empty() throws {
        var progress = BackfillProgress(accountRegions: [try accountRegion()], startedAt: 10, before: [])
        let changed = progress.update([], now: 11)
        #expect(changed)
        #expect(progress.report.isComplete && progress.report.completedQueries == 1)
    }
}

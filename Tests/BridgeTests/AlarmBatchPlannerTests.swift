import DeviceDefender
import JSON
import SecurityFindings
import Store
import Testing

@testable import Bridge

@Suite struct AlarmBatchPlannerTests {
    private let later = Timestamp(milliseconds: now + 1000)

    private func verified(_ state: VerificationState, at time: Int64) throws -> VerificationDisposition {
        VerificationDisposition(
            subject: try observation().finding.id, accountRegion: try accountRegion(),
            time: Timestamp(milliseconds: time),
            verification: Verification(state: state, note: nil), isApplied: false)
    }

    private func carrying(_ state: String, event: String, at time: Int64 = now) throws -> Observation {
        var members = try #require(Messages.alarm(at: time, event: event).object)
        members["verificationState"] = .string(state)
        let alarm = try Alarm(.object(members))
        return Observation(alarm, finding: SecurityFinding(alarm: alarm, accountRegion: try accountRegion()))
    }

    @Test("What is said of one finding is one change and one update, whatever the order")
    func together() throws {
        let said: [AlarmBatchPlanner.Input] = [
            .verification(try verified(.truePositive, at: now + 1)), .alarm(try observation()),
            .verification(try verified(.falsePositive, at: now + 2)),
        ]
        for said in [said, said.reversed()] {
            let batch = AlarmBatchPlanner(said, known: [:], dispositions: [:], now: later)
            #expect(batch.changes.map(\.finding?.recordState) == [.archived])
            #expect(batch.newDispositions.count == 1)
            #expect(batch.updates { _ in true }.values.map(\.verification.state) == [.falsePositive])
            #expect(batch.updates { _ in false }.isEmpty)
        }
    }

    @Test("A verification of a finding that has not come is kept, and told when the finding comes")
    func early() throws {
        let first = AlarmBatchPlanner(
            [.verification(try verified(.falsePositive, at: now + 1))], known: [:], dispositions: [:], now: later)
        #expect(first.changes.isEmpty && first.updates { _ in true }.isEmpty)
        let kept = try #require(first.newDispositions.first)
        let second = AlarmBatchPlanner(
            [.alarm(try observation())], known: [:], dispositions: [kept.subject: kept], now: later)
        #expect(second.changes.map(\.finding?.recordState) == [.archived])
        // That it is about to be hidden is kept first.
        #expect(second.newDispositions.compactMap { VerificationDisposition($0)?.isHidden } == [true])
        #expect(second.updates { _ in true }.count == 1)
    }

    @Test("An older verification, and the same one again, say nothing")
    func older() throws {
        let said = try verified(.falsePositive, at: now + 5)
        let stored = said.applied.disposition
        for again in [said, try verified(.truePositive, at: now + 4)] {
            let batch = AlarmBatchPlanner(
                [.verification(again)], known: [:], dispositions: [stored.subject: stored], now: later)
            #expect(batch.newDispositions.isEmpty && batch.updates { _ in true }.isEmpty)
        }
    }

    @Test(
        "What an alarm carries counts from its own time, but not that nobody looked at a raised one",
        arguments: [
            ("in-alarm", "UNKNOWN", nil, 0), ("alarm-cleared", "UNKNOWN", nil, 0),
            ("alarm-invalidated", "UNKNOWN", .unknown, 0), ("in-alarm", "FALSE_POSITIVE", .falsePositive, 1),
            ("alarm-invalidated", "BENIGN_POSITIVE", .benignPositive, 1),
        ] as [(String, String, VerificationState?, Int)])
    func carried(event: String, state: String, kept: VerificationState?, updates: Int) throws {
        let batch = AlarmBatchPlanner(
            [.alarm(try carrying(state, event: event))], known: [:], dispositions: [:], now: later)
        let judged = batch.newDispositions.compactMap { VerificationDisposition($0) }
        #expect(judged.map(\.verification.state) == (kept.map { [$0] } ?? []))
        #expect(batch.updates { _ in true }.count == updates)
    }

    @Test("An invalidated alarm that is unknown again takes an older judgement back")
    func unknownAgain() throws {
        let judged = try verified(.falsePositive, at: now - 1).applied.disposition
        let batch = AlarmBatchPlanner(
            [.alarm(try carrying("UNKNOWN", event: "alarm-invalidated"))], known: [:],
            dispositions: [judged.subject: judged], now: later)
        #expect(batch.updates { _ in true }.values.map(\.verification.state) == [.unknown])
    }

    @Test("A true positive that becomes active again is told again, as Security Hub forgets it then")
    func reset() throws {
        let judged = try verified(.truePositive, at: now - 1).applied.disposition
        let dispositions = [judged.subject: judged]
        let cleared = try #require(
            AlarmBatchPlanner(
                [.alarm(try observation(event: "alarm-cleared"))], known: [:], dispositions: dispositions, now: later
            ).changes.first)
        let batch = AlarmBatchPlanner(
            [.alarm(try observation(at: now + 1))], known: [cleared.entry.id: cleared.entry.sent],
            dispositions: dispositions,
            now: later)
        #expect(batch.newDispositions.count == 1)
        #expect(batch.updates { _ in true }.count == 1)
    }

    @Test("Findings that need nothing are counted")
    func unchanged() throws {
        let said: [AlarmBatchPlanner.Input] = [.alarm(try observation()), .alarm(try observation("v2"))]
        let known = AlarmBatchPlanner([said[0]], known: [:], dispositions: [:], now: later).changes.map(\.entry.sent)
        let batch = AlarmBatchPlanner(said, known: [known[0].id: known[0]], dispositions: [:], now: later)
        #expect(batch.changes.count == 1 && batch.unchanged == [.high])
    }
}

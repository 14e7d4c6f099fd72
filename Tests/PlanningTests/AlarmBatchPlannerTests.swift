import DeviceDefender
import Encoding
import Fixtures
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Planning

@Suite struct AlarmBatchPlannerTests {
    private let later = now + 1000

    private func verified(_ state: VerificationState, at time: Timestamp) throws -> VerificationDisposition {
        VerificationDisposition(
            subject: try observation().finding.id, accountRegion: try accountRegion(),
            time: time,
            verification: Verification(state: state, note: nil), isApplied: false)
    }

    private func alarm(_ state: String, event: String, at time: Timestamp = now) throws -> Observation {
        var members = try #require(Messages.alarm(at: time, event: event).object)
        members["verificationState"] = .string(state)
        let alarm = try Alarm(.object(members))
        return Observation(alarm, finding: SecurityFinding(alarm: alarm, accountRegion: try accountRegion()))
    }

    @Test("Inputs about one finding become one change and one update, in any order")
    func together() throws {
        let inputs: [AlarmBatchPlanner.Input] = [
            .verification(try verified(.truePositive, at: now + 1)), .alarm(try observation()),
            .verification(try verified(.falsePositive, at: now + 2)),
        ]
        for inputs in [inputs, inputs.reversed()] {
            let batch = AlarmBatchPlanner(inputs, known: [:], dispositions: [:], now: later)
            #expect(batch.changes.map(\.finding?.recordState) == [.archived])
            #expect(batch.newDispositions.count == 1)
            #expect(batch.updates { _ in true }.values.map(\.verification.state) == [.falsePositive])
            #expect(batch.updates { _ in false }.isEmpty)
        }
    }

    @Test("A verification of an unknown finding is stored, and sent when the finding is imported")
    func early() throws {
        let first = AlarmBatchPlanner(
            [.verification(try verified(.falsePositive, at: now + 1))], known: [:], dispositions: [:], now: later)
        #expect(first.changes.isEmpty && first.updates { _ in true }.isEmpty)
        let stored = try #require(first.newDispositions.first)
        let second = AlarmBatchPlanner(
            [.alarm(try observation())], known: [:], dispositions: [stored.subject: stored], now: later)
        #expect(second.changes.map(\.finding?.recordState) == [.archived])
        // The bridge stores that it hides the finding before it does.
        #expect(second.newDispositions.compactMap { VerificationDisposition($0)?.isHidden } == [true])
        #expect(second.updates { _ in true }.count == 1)
    }

    @Test("Older and repeated verifications change nothing")
    func older() throws {
        let verification = try verified(.falsePositive, at: now + 5)
        let stored = verification.applied.disposition
        for again in [verification, try verified(.truePositive, at: now + 4)] {
            let batch = AlarmBatchPlanner(
                [.verification(again)], known: [:], dispositions: [stored.subject: stored], now: later)
            #expect(batch.newDispositions.isEmpty && batch.updates { _ in true }.isEmpty)
        }
    }

    @Test(
        "The verification state of an alarm counts from the time of the alarm, except UNKNOWN of a raised alarm",
        arguments: [
            ("in-alarm", "UNKNOWN", nil, 0), ("alarm-cleared", "UNKNOWN", nil, 0),
            ("alarm-invalidated", "UNKNOWN", .unknown, 0), ("in-alarm", "FALSE_POSITIVE", .falsePositive, 1),
            ("alarm-invalidated", "BENIGN_POSITIVE", .benignPositive, 1),
        ] as [(String, String, VerificationState?, Int)])
    func carried(event: String, state: String, kept: VerificationState?, updates: Int) throws {
        let batch = AlarmBatchPlanner(
            [.alarm(try alarm(state, event: event))], known: [:], dispositions: [:], now: later)
        let stored = batch.newDispositions.compactMap { VerificationDisposition($0) }
        #expect(stored.map(\.verification.state) == (kept.map { [$0] } ?? []))
        #expect(batch.updates { _ in true }.count == updates)
    }

    @Test("An invalidated alarm with state UNKNOWN reverts an older verification")
    func unknownAgain() throws {
        let stored = try verified(.falsePositive, at: now - 1).applied.disposition
        let batch = AlarmBatchPlanner(
            [.alarm(try alarm("UNKNOWN", event: "alarm-invalidated"))], known: [:],
            dispositions: [stored.subject: stored], now: later)
        #expect(batch.updates { _ in true }.values.map(\.verification.state) == [.unknown])
    }

    @Test("The workflow status of a true positive is sent again when the finding becomes active again")
    func reset() throws {
        let stored = try verified(.truePositive, at: now - 1).applied.disposition
        let dispositions = [stored.subject: stored]
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

    @Test("Unchanged findings are counted")
    func unchanged() throws {
        let inputs: [AlarmBatchPlanner.Input] = [.alarm(try observation()), .alarm(try observation("v2"))]
        let known = AlarmBatchPlanner([inputs[0]], known: [:], dispositions: [:], now: later).changes.map(\.entry.sent)
        let batch = AlarmBatchPlanner(inputs, known: [known[0].id: known[0]], dispositions: [:], now: later)
        #expect(batch.changes.count == 1 && batch.unchanged == [.high])
    }
}

import AWSCore
import Encoding
import Fixtures
import JSON
import SecurityFindings
import SourceMapping
import Store
import TestSupport
import Testing

@testable import Bridge
@testable import LocalAWS
@testable import Planning

/// One comparison of CloudWatch's alarms with the findings of their source.
@Suite struct AlarmSourceReconciliationTests {
    private static let alarm = "iot-A-High"

    private let lane: DeliveryLane
    private let mapping: Mapping
    private let source: AlarmSource
    private var cloudWatch: LogAlarmModel

    init() throws {
        lane = DeliveryLane(try accountRegion(), source: "iot-alarms")
        mapping = try MappingFile(BuiltInMapping.cloudWatchAlarm).mapping
        source = AlarmSource(patterns: [try EventPattern(["source": ["aws.cloudwatch"]])], hasTopics: false) { _ in
            false
        }
        cloudWatch = LogAlarmModel(accountRegion: lane.accountRegion)
        cloudWatch.add(
            LogAlarm(name: Self.alarm, description: "d", query: "q", aggregation: "a", threshold: 5),
            now: now.milliseconds)
    }

    /// The ledger entry after the event of a device in ALARM.
    ///
    /// - Parameter sequence: the position of the event in the queue.
    private mutating func raise(sequence: Int64) throws -> LedgerEntry {
        let events = cloudWatch.setContributor(
            ["clientId": "pump-1"], of: Self.alarm, isInAlarm: true, value: 9, now: now.milliseconds)
        let context = ItemContext(source: "iot-alarms", accountRegion: lane.accountRegion, receivedAt: now)
        guard case .finding(let found) = try mapping.outcome(of: try #require(events.first), in: context) else {
            throw UnexpectedError()
        }
        let report = MappedReport(
            .finding(found.finding, group: found.group),
            order: ReportOrder(time: found.time.timestamp, sequence: sequence), acceptedAt: now)
        let planner = MappedBatchPlanner([report], in: lane, known: [:], dispositions: [:], now: now)
        var entry = try #require(planner.changes.first).entry
        entry.isSent = true
        return entry
    }

    private func reconciliation(in lane: DeliveryLane? = nil) -> AlarmSourceReconciliation {
        AlarmSourceReconciliation(source, mapping: mapping, in: lane ?? self.lane, receivedAt: now)
    }

    private func described(_ members: JSON.Members = [:]) throws -> (alarm: CloudWatchAlarm, contributors: [JSON]) {
        let list = try cloudWatch.describeAlarms(["AlarmTypes": ["LogAlarm"]])["LogAlarms"]?.array
        let description = try #require(list?.first?.object).merging(members) { _, new in new }
        let contributors = try cloudWatch.describeContributors(["AlarmName": .string(Self.alarm)])
        return (
            try #require(CloudWatchAlarm(.object(description))), contributors["AlarmContributors"]?.array ?? []
        )
    }

    @Test("A finding that is not listed is over, unless it was reported after the list was requested")
    mutating func end() throws {
        let entry = try raise(sequence: 5)
        let empty = reconciliation()
        #expect(empty.end(entry, listedAfter: 5, now: now) == nil)
        #expect(empty.end(entry, listedAfter: 4, now: now) == nil)
        let change = try #require(empty.end(entry, listedAfter: 6, now: now))
        #expect(change.entry.recordState == .archived && change.entry.eventTime == entry.eventTime)
        #expect(empty.end(change.entry, listedAfter: 7, now: now) == nil)
        let other = reconciliation(in: DeliveryLane(lane.accountRegion, source: "others"))
        #expect(other.end(entry, listedAfter: 6, now: now) == nil)
    }

    @Test("A finding in ALARM stays, and so do those of an alarm whose query failed or whose data is insufficient")
    mutating func kept() throws {
        let entry = try raise(sequence: 5)
        func ends(_ members: JSON.Members, listsContributors: Bool) throws -> Bool {
            let (alarm, contributors) = try described(members)
            var reconciliation = reconciliation()
            _ = reconciliation.add(alarm, contributors: listsContributors ? contributors : [])
            return reconciliation.end(entry, listedAfter: 6, now: now) != nil
        }
        #expect(try !ends([:], listsContributors: true))
        #expect(try ends([:], listsContributors: false))
        #expect(try ends(["StateValue": "OK"], listsContributors: false))
        #expect(try !ends(["EvaluationState": "PARTIAL_DATA"], listsContributors: false))
        #expect(try !ends(["EvaluationState": "EVALUATION_ERROR"], listsContributors: false))
        #expect(try !ends(["StateValue": "INSUFFICIENT_DATA"], listsContributors: false))
    }

    @Test("What was missed is queued, and what is still in ALARM counts as reported once a day")
    mutating func missed() throws {
        let entry = try raise(sequence: 5)
        let (alarm, contributors) = try described()
        var reconciliation = reconciliation()
        let listed = try #require(reconciliation.add(alarm, contributors: contributors).first)
        #expect(listed.findingID == entry.id && listed.time == entry.eventTime)
        func isMissed(_ known: LedgerEntry?, expireAfter: Duration? = nil, after: Duration = .zero) -> Bool {
            AlarmSourceReconciliation.isMissed(listed, known: known, expireAfter: expireAfter, now: now + after)
        }
        #expect(isMissed(nil))
        #expect(!isMissed(entry))
        #expect(!isMissed(entry, after: .seconds(86_399)))
        #expect(isMissed(entry, after: .seconds(86_400)))
        #expect(isMissed(entry, expireAfter: .seconds(4000), after: .seconds(1000)))
        let over = try #require(self.reconciliation().end(entry, listedAfter: 6, now: now)).entry
        #expect(isMissed(over))
    }
}

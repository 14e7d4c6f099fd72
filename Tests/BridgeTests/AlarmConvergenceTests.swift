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

/// Random histories of CloudWatch alarms whose events are lost, repeated and shuffled, with catch-ups at any time. After a
/// last catch-up, the active findings are those of the contributors in ALARM.
@Suite struct AlarmConvergenceTests {
    @Test("2,000 random histories converge to the alarms of CloudWatch", arguments: 0..<4)
    func converge(shard: UInt64) async throws {
        let first = UInt64.random(in: 0...UInt64.max / 2)
        let failure = try await onThread { () throws -> (seed: UInt64, text: String)? in
            for seed in (0..<500).map({ first + shard + $0 * 4 }) + [shard] {
                var history = try AlarmHistory(seed: seed)
                let text = try history.play()
                if let text { return (seed, text) }
            }
            return nil
        }
        #expect(failure == nil, "seed \(failure?.seed ?? 0): \(failure?.text ?? "")")
    }
}

/// CloudWatch's alarms, the events on their way, and the ledger of the bridge.
private struct AlarmHistory {
    private static let names = ["iot-A-High", "iot-B-Low", "other-C"]
    private static let devices = ["pump-1", "pump-2", "pump-3"]

    private let lane: DeliveryLane
    private let mapping: Mapping
    private let source: AlarmSource
    private var random: SeededGenerator
    private var cloudWatch: LogAlarmModel
    private var clock = now
    private var sequence: Int64 = 0
    /// Accepted and not processed.
    private var queue: [(event: JSON, sequence: Int64)] = []
    /// Not accepted yet.
    private var underWay: [JSON] = []
    private var ledger: [String: LedgerEntry] = [:]
    private var dispositions: [String: Disposition] = [:]
    /// Whether nothing else happens during a catch-up.
    private var isQuiet = false

    init(seed: UInt64) throws {
        lane = DeliveryLane(try accountRegion(), source: "iot-alarms")
        mapping = try MappingFile(BuiltInMapping.cloudWatchAlarm).mapping
        let pattern = try EventPattern([
            "source": ["aws.cloudwatch"], "detail": ["alarmName": [["prefix": "iot-"]]],
        ])
        source = AlarmSource(patterns: [pattern], hasTopics: false, isTopic: { _ in false })
        random = SeededGenerator(seed: seed)
        cloudWatch = LogAlarmModel(accountRegion: lane.accountRegion)
        for name in Self.names { cloudWatch.add(Self.alarm(name), now: clock.milliseconds) }
    }

    private static func alarm(_ name: String) -> LogAlarm {
        LogAlarm(name: name, description: "d", query: "q", aggregation: "a", threshold: 5)
    }

    /// - Returns: the difference at the end; nil if there is none.
    mutating func play() throws -> String? {
        for _ in 0..<Int.random(in: 5...40, using: &random) {
            clock = clock + .milliseconds(Int64.random(in: 0...5000, using: &random))
            switch Int.random(in: 0...9, using: &random) {
            case 0...3: changeAlarm()
            case 4...5: accept()
            case 6...7: try process()
            default: try catchUp()
            }
        }
        while !underWay.isEmpty { accept() }
        try processAll()
        isQuiet = true
        try catchUp()
        try processAll()
        return difference()
    }

    private mutating func changeAlarm() {
        let name = Self.names.randomElement(using: &random) ?? ""
        var events: [JSON] = []
        if Int.random(in: 0...9, using: &random) == 0 {
            if let event = cloudWatch.delete(name, now: clock.milliseconds) {
                events.append(event)
            } else {
                cloudWatch.add(Self.alarm(name), now: clock.milliseconds)
            }
        } else {
            let device = Self.devices.randomElement(using: &random) ?? ""
            events = cloudWatch.setContributor(
                ["clientId": device], of: name, isInAlarm: Bool.random(using: &random), value: 9,
                now: clock.milliseconds)
        }
        for event in events where name.hasPrefix("iot-") && Int.random(in: 0...2, using: &random) > 0 {
            underWay += Array(repeating: event, count: Int.random(in: 1...2, using: &random))
        }
        underWay.shuffle(using: &random)
    }

    private mutating func accept() { if let event = underWay.popLast() { append(event) } }

    private mutating func append(_ event: JSON) {
        sequence += 1
        queue.append((event, sequence))
    }

    private mutating func processAll() throws { while !queue.isEmpty { try process() } }

    private mutating func process() throws {
        queue.shuffle(using: &random)
        let batch = queue.prefix(Int.random(in: 1...3, using: &random))
        queue.removeFirst(batch.count)
        let reports = try batch.compactMap { try report($0.event, $0.sequence) }
        let planned = MappedBatchPlanner(
            reports, in: lane, known: ledger, dispositions: dispositions, now: clock)
        for disposition in planned.newDispositions { dispositions[disposition.subject] = disposition }
        apply(planned.changes)
        for entry in planned.reports { ledger[entry.id] = entry }
        for archival in planned.archivals {
            let time = clock
            apply(
                ledger.values.filter { $0.subject == archival.subject }
                    .compactMap { MappedPlanner.archive($0, by: archival, now: time) })
        }
    }

    private func report(_ event: JSON, _ sequence: Int64) throws -> MappedReport? {
        let context = ItemContext(
            source: "iot-alarms", accountRegion: lane.accountRegion, receivedAt: clock)
        let content: MappedReport.Content
        let time: StateTime
        switch try mapping.outcome(of: event, in: context) {
        case .ignored: return nil
        case .finding(let found): (content, time) = (.finding(found.finding, group: found.group), found.time)
        case .archivesGroup(let group, let stated): (content, time) = (.groupArchived(group), stated)
        }
        return MappedReport(
            content, order: ReportOrder(time: time.timestamp ?? clock, sequence: sequence), acceptedAt: clock)
    }

    private mutating func apply(_ changes: [Change]) {
        for change in changes {
            var entry = change.entry
            entry.isSent = true
            ledger[entry.id] = entry
        }
    }

    /// As ``AlarmCatchUp`` does it, with other deliveries before, after and between its steps.
    private mutating func catchUp() throws {
        sequence += 1
        let task = sequence
        if !isQuiet, Bool.random(using: &random) { changeAlarm() }
        if !isQuiet, Bool.random(using: &random) { accept() }
        var reconciliation = AlarmSourceReconciliation(source, mapping: mapping, in: lane, receivedAt: clock)
        for prefix in source.namePrefixes {
            let described = try cloudWatch.describeAlarms([
                "AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"], "AlarmNamePrefix": .string(prefix),
            ])
            for alarm in described["LogAlarms"]?.array?.compactMap({ CloudWatchAlarm($0) }) ?? [] {
                if !isQuiet, Int.random(in: 0...9, using: &random) == 0 { changeAlarm() }
                let contributors = try? cloudWatch.describeContributors(["AlarmName": .string(alarm.name)])
                let listed = reconciliation.add(
                    alarm,
                    contributors: alarm.contributors == .none ? [] : contributors?["AlarmContributors"]?.array ?? [])
                for listed in listed
                where AlarmSourceReconciliation.isMissed(
                    listed, known: ledger[listed.findingID], expireAfter: nil, now: clock)
                {
                    append(listed.event)
                }
            }
        }
        if Bool.random(using: &random), !queue.isEmpty { try process() }
        let time = clock
        apply(ledger.values.compactMap { reconciliation.end($0, listedAfter: task, now: time) })
    }

    private func difference() -> String? {
        let active = Set(ledger.values.filter { $0.recordState == .active }.map(\.id))
        var expected: Set<String> = []
        for name in Self.names where name.hasPrefix("iot-") {
            let listed = try? cloudWatch.describeContributors(["AlarmName": .string(name)])
            for contributor in listed?["AlarmContributors"]?.array ?? [] {
                expected.insert(
                    FindingID.mapped(
                        source: "iot-alarms", parts: [name, contributor["ContributorId"]?.string ?? ""],
                        accountRegion: lane.accountRegion))
            }
        }
        return active == expected ? nil : "active \(active.sorted()), expected \(expected.sorted())"
    }
}

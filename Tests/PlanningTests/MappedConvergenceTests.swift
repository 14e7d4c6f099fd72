import AWSCore
import Encoding
import Fixtures
import SecurityFindings
import SourceMapping
import Store
import TestSupport
import Testing

@testable import Planning

/// Random histories of items of mapped sources. Items arrive in any order, in any portions and repeatedly. The ledger and
/// Security Hub always end in the state that the items have in the order of acceptance.
@Suite struct MappedConvergenceTests {
    @Test("3,000 random histories have the same ledger in every order of processing") func converge() throws {
        let first = UInt64.random(in: 0...UInt64.max / 2)
        for seed in first..<(first + 3000) {
            var random = SeededGenerator(seed: seed)
            let lanes = ["nozomi", "xdome"].map { DeliveryLane(accountRegion, source: $0) }
            for lane in lanes {
                let items = try history(in: lane, statesTimes: Bool.random(using: &random), &random)
                var expected = MappedModel(lane)
                for item in items { expected.process([item]) }
                var model = MappedModel(lane)
                var pending = items + items.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random))
                pending.shuffle(using: &random)
                while !pending.isEmpty {
                    let count = Int.random(in: 1...4, using: &random)
                    model.process(Array(pending.prefix(count)), crashes: Int.random(in: 0...9, using: &random) == 0)
                    if model.hasCrashed { model.process(Array(pending.prefix(count))) }
                    pending.removeFirst(min(count, pending.count))
                }
                try #require(model.state == expected.state, "seed \(seed), \(lane)")
                try #require(model.isSent, "seed \(seed), \(lane)")
            }
        }
    }

    private let accountRegion: AccountRegion

    init() throws { accountRegion = try Fixtures.accountRegion() }

    private func history(
        in lane: DeliveryLane, statesTimes: Bool, _ random: inout SeededGenerator
    ) throws -> [MappedReport] {
        (1...Int64.random(in: 3...9, using: &random)).map { sequence in
            let acceptedAt = now + 1000 * sequence
            // Few different times, so that some are equal.
            let time = statesTimes ? now + 100 * Int64.random(in: 0...4, using: &random) : nil
            let order = ReportOrder(time: time, sequence: sequence)
            let number = Int.random(in: 0...2, using: &random)
            let group = number == 0 ? nil : "group-\(number % 2)"
            if let group, Int.random(in: 0...4, using: &random) == 0 {
                return MappedReport(.groupArchived(group), order: order, acceptedAt: acceptedAt)
            }
            let finding = finding(
                number, in: lane, title: ["one", "two"][Int.random(in: 0...1, using: &random)],
                isArchived: Int.random(in: 0...3, using: &random) == 0, at: time, acceptedAt)
            return MappedReport(.finding(finding, group: group), order: order, acceptedAt: acceptedAt)
        }
    }

    private func finding(
        _ number: Int, in lane: DeliveryLane, title: String, isArchived: Bool, at time: Timestamp?,
        _ acceptedAt: Timestamp
    ) -> SecurityFinding {
        let changedAt = time ?? acceptedAt
        let source = lane.source ?? ""
        return SecurityFinding(
            FindingDraft(
                id: FindingID.mapped(source: source, parts: ["\(number)"], accountRegion: accountRegion),
                accountRegion: accountRegion, generatorID: source, types: [], severity: title == "one" ? .low : .high,
                originalSeverity: title, title: title, description: title, sourceURL: nil, remediation: nil,
                resource: FindingDraft.Resource(type: "Other", id: "pump", details: []),
                productFields: [(ProductField.source, source)]
                    + (time.map { [(key: ProductField.time, value: $0.iso8601)] } ?? []),
                createdAt: changedAt, updatedAt: changedAt, firstObservedAt: changedAt, lastObservedAt: changedAt,
                recordState: isArchived ? .archived : .active))
    }

    @Test("An item of a source that was archived is active again after a later report, even with the same time")
    func expiry() throws {
        let lane = DeliveryLane(accountRegion, source: "nozomi")
        func report(_ sequence: Int64) -> MappedReport {
            MappedReport(
                .finding(
                    finding(1, in: lane, title: "one", isArchived: false, at: now, now), group: nil),
                order: ReportOrder(time: now, sequence: sequence), acceptedAt: now + sequence)
        }
        var model = MappedModel(lane)
        model.process([report(1)])
        let known = try #require(model.ledger.values.first)
        #expect(MappedPlanner.expire(known, reportedBefore: now + 1, now: now + 9) == nil)
        let expired = try #require(MappedPlanner.expire(known, reportedBefore: now + 2, now: now + 9))
        #expect(expired.finding?.recordState == .archived && expired.entry.eventTime == known.eventTime)
        model.apply(expired)
        #expect(MappedPlanner.expire(expired.entry, reportedBefore: .latest, now: now + 9) == nil)
        model.process([report(2)])
        #expect(model.ledger.values.map(\.recordState) == [.active])
    }

    @Test("An unchanged finding that Security Hub may have deleted is sent again") func old() throws {
        let lane = DeliveryLane(accountRegion, source: "nozomi")
        var model = MappedModel(lane)
        let sent = [1, 2, 3].map { (sequence: Int64) -> Int in
            model.now = now + Planner.refreshAge * Int(sequence - 1) / 2 * 3
            let before = model.sent
            model.process([
                MappedReport(
                    .finding(finding(1, in: lane, title: "one", isArchived: false, at: nil, now), group: nil),
                    order: ReportOrder(time: nil, sequence: sequence), acceptedAt: model.now)
            ])
            return model.sent - before
        }
        #expect(sent == [1, 1, 1])
        model.process([
            MappedReport(
                .finding(finding(1, in: lane, title: "one", isArchived: false, at: nil, now), group: nil),
                order: ReportOrder(time: nil, sequence: 4), acceptedAt: model.now)
        ])
        #expect(model.sent == 3)
        let known = try #require(model.ledger.values.first)
        #expect(MappedPlanner.refresh(known, of: "other", now: model.now) == nil)
        #expect(MappedPlanner.refresh(known, of: "nozomi", now: model.now)?.finding != nil)
        #expect(MappedPlanner.refresh(known, of: "nozomi", now: model.now + Planner.refreshAge * 2) == nil)
    }
}

/// A model of the ledger and of Security Hub, and of the steps of the processor between them.
private struct MappedModel {
    /// What must not depend on the order of processing.
    struct State: Equatable {
        let group: String
        let subject: String
        let eventTime: Timestamp
        let report: SourceReport?
        let condition: LedgerEntry.Condition
        let recordState: LedgerEntry.RecordState
        let severity: LedgerEntry.Severity?
        let content: FindingContent?
    }

    let lane: DeliveryLane
    var now = Fixtures.now
    private(set) var ledger: [String: LedgerEntry] = [:]
    private(set) var hasCrashed = false
    /// The number of findings that were sent.
    private(set) var sent = 0
    private var hub: [String: SecurityFinding] = [:]
    private var dispositions: [String: Disposition] = [:]

    init(_ lane: DeliveryLane) { self.lane = lane }

    /// - Parameter crashes: whether nothing is sent.
    mutating func process(_ items: [MappedReport], crashes: Bool = false) {
        hasCrashed = crashes
        now = now + 1
        let batch = MappedBatchPlanner(items, in: lane, known: ledger, dispositions: dispositions, now: now)
        for disposition in batch.newDispositions { dispositions[disposition.subject] = disposition }
        for entry in batch.reports { ledger[entry.id] = entry }
        for change in batch.changes { apply(change, isSent: !crashes) }
        guard !crashes else { return }
        for archival in batch.archivals {
            for entry in ledger.values where entry.subject == archival.subject {
                if let change = MappedPlanner.archive(entry, by: archival, now: now) { apply(change) }
            }
        }
    }

    mutating func apply(_ change: Change, isSent: Bool = true) {
        ledger[change.entry.id] = change.entry
        guard isSent, let finding = change.finding else { return }
        ledger[change.entry.id]?.isSent = true
        hub[change.entry.id] = finding
        sent += 1
    }

    var isSent: Bool { ledger.values.allSatisfy(\.isSent) }

    /// The ledger, with what Security Hub has.
    var state: [String: State] {
        ledger.mapValues { entry in
            State(
                group: entry.group, subject: entry.subject, eventTime: entry.eventTime, report: entry.report,
                condition: entry.condition, recordState: entry.recordState, severity: entry.severity,
                content: hub[entry.id].map { FindingContent($0) })
        }
    }
}

import AWSCore
import Encoding
import Fixtures
import JSON
import SecurityFindings
import SourceMapping
import Store
import Testing

@testable import Planning

/// The steps of the processor of a mapped source.
extension ConvergenceModel {
    /// Maps items of the histories.
    struct ItemMapper {
        let lane: DeliveryLane
        private let mapping: Mapping

        init() throws {
            lane = DeliveryLane(try accountRegion(), source: ItemEvent.source)
            var errors = MappingErrors()
            let mapping = Mapping(reading: TreeReader(ItemEvent.mapping), errors: &errors)
            self.mapping = try #require(mapping, "\(errors)")
        }

        func report(_ item: ItemEvent) throws -> MappedReport {
            let context = ItemContext(
                source: ItemEvent.source, accountRegion: lane.accountRegion, receivedAt: Fixtures.now)
            let order = ReportOrder(time: item.time, sequence: item.sequence)
            switch try mapping.outcome(of: item.json, in: context) {
            case .finding(let found):
                #expect(found.time.timestamp == item.time)
                return MappedReport(.finding(found.finding, group: found.group), order: order, acceptedAt: Fixtures.now)
            case .archivesGroup(let group, _):
                return MappedReport(.groupArchived(group), order: order, acceptedAt: Fixtures.now)
            case .ignored: throw UnexpectedlyIgnoredError()
            }
        }

        private struct UnexpectedlyIgnoredError: Error {}

        func findingID(_ number: Int) -> String {
            FindingID.mapped(source: ItemEvent.source, parts: ["\(number)"], accountRegion: lane.accountRegion)
        }
    }

    mutating func process(_ items: [ItemEvent], _ mapper: ItemMapper) throws {
        let batch = MappedBatchPlanner(
            try items.map(mapper.report), in: mapper.lane, known: ledger, dispositions: dispositions,
            mapping: mapping, now: now)
        try apply(batch.changes, recording: batch.newDispositions, reports: batch.reports)
        for archival in batch.archivals {
            let concerned = ledger.values.filter { $0.subject == archival.subject }.sorted { $0.id < $1.id }
            let now = now
            try apply(concerned.compactMap { MappedPlanner.archive($0, by: archival, now: now) })
        }
    }

    /// The findings whose state differs from the one that follows from items.
    func differences(from items: [ItemEvent], _ mapper: ItemMapper) -> [String] {
        (0..<ItemEvent.findings).compactMap { number in
            let id = mapper.findingID(number)
            let isExpected = isActive(id) == (ExpectedState.isActive(item: number, after: items) && !isHidden(id))
            return isExpected ? nil : "state of \(id)"
        }
    }
}

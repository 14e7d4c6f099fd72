import AWSClient
import AWSCore
import Encoding
import EventLoop
import Fixtures
import JSON
import Planning
import SQLiteStore
import SecurityFindings
import SourceMapping
import Store
import TestSupport
import Testing

@testable import Processing

/// A mapped source, its items and their processing.
struct MappedSourceFixture {
    private static let mapping: JSON = [
        "accounts": ["$.account"], "id": ["$.id"], "group": ["$.site"], "archivedWhen": ["state": ["closed"]],
        "archivesGroupWhen": ["state": ["removed"]], "ignore": ["state": ["test"]],
        "severity": ["path": "$.risk", "map": ["high": "HIGH", "default": "LOW"]], "title": "{$.name}",
        "description": "{$.name}", "resources": [["type": "Other", "id": "{$.device}"]],
    ]

    let lane: DeliveryLane
    var settings: ProcessingSettings

    init(expireAfter: Duration? = nil) throws {
        lane = DeliveryLane(try accountRegion(), source: "nozomi")
        var errors = MappingErrors()
        let mapping = Mapping(reading: TreeReader(Self.mapping), errors: &errors)
        var settings = ProcessingSettings.standard
        settings.sources = [
            "nozomi": ProcessingSettings.Source(
                mapping: try #require(mapping, "\(errors)"), expireAfter: expireAfter)
        ]
        self.settings = settings
    }

    func item(_ id: Int64, _ members: JSON.Members = [:]) -> JSON {
        let required: JSON.Members = [
            "id": .integer(id), "name": "Pump runs dry", "device": "pump-17", "risk": "high", "site": "east",
        ]
        return .object(required.merging(members) { _, new in new })
    }

    func findingID(_ id: Int) -> String {
        FindingID.mapped(source: "nozomi", parts: ["\(id)"], accountRegion: lane.accountRegion)
    }

    /// Queues items, and processes all that are ready.
    func process(
        _ items: [JSON], _ harness: ProcessingHarness, settings: ProcessingSettings? = nil
    ) async throws {
        for item in items {
            let time = harness.time.now
            _ = try await harness.store.append(
                Delivery(
                    id: "webhook:\(UInt64.random(in: 0...UInt64.max))", accountRegion: lane.accountRegion,
                    source: lane.source, channel: .webhook, receivedAt: time, payload: item.serialized()))
        }
        let processors = harness.processing.processors(
            AccountClients(harness.client), Reloadable(settings ?? self.settings))
        let ready = try await harness.leaseReady()
        #expect(ready.allSatisfy { $0.command.kind == .mapped })
        await processors.processor(of: .mapped, for: lane).process(ready)
    }

    func states(_ harness: ProcessingHarness, _ ids: [Int]) async throws -> [LedgerEntry.RecordState?] {
        let entries = try await harness.store.ledgerEntries(ids: ids.map(findingID))
        #expect(entries.values.allSatisfy { $0.isSent })
        return ids.map { entries[findingID($0)]?.recordState }
    }
}

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
import Synchronization
import TestSupport
import Testing

@testable import Processing

@Suite struct MappedItemProcessorTests {
    private static let mapping: JSON = [
        "accounts": ["$.account"], "id": ["$.id"], "group": ["$.site"], "archivedWhen": ["state": ["closed"]],
        "archivesGroupWhen": ["state": ["removed"]], "ignore": ["state": ["test"]],
        "severity": ["path": "$.risk", "map": ["high": "HIGH", "default": "LOW"]], "title": "{$.name}",
        "description": "{$.name}", "resources": [["type": "Other", "id": "{$.device}"]],
    ]

    private let lane: DeliveryLane
    private let settings: ProcessingSettings

    init() throws {
        lane = DeliveryLane(try accountRegion(), source: "nozomi")
        var errors = MappingErrors()
        let mapping = Mapping(reading: TreeReader(Self.mapping), errors: &errors)
        var settings = ProcessingSettings.standard
        settings.sources = ["nozomi": try #require(mapping, "\(errors)")]
        self.settings = settings
    }

    private func item(_ id: Int64, _ members: JSON.Members = [:]) -> JSON {
        let required: JSON.Members = [
            "id": .integer(id), "name": "Pump runs dry", "device": "pump-17", "risk": "high", "site": "east",
        ]
        return .object(required.merging(members) { _, new in new })
    }

    private func findingID(_ id: Int) -> String {
        FindingID.mapped(source: "nozomi", parts: ["\(id)"], accountRegion: lane.accountRegion)
    }

    /// Queues items, and processes all that are ready.
    private func process(
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

    private func states(_ harness: ProcessingHarness, _ ids: [Int]) async throws -> [LedgerEntry.RecordState?] {
        let entries = try await harness.store.ledgerEntries(ids: ids.map(findingID))
        #expect(entries.values.allSatisfy { $0.isSent })
        return ids.map { entries[findingID($0)]?.recordState }
    }

    @Test("Items become findings: new, unchanged, archived, archived with their group, and active again")
    func lifecycle() async throws {
        try await ProcessingHarness.run { harness in
            try await process([item(1), item(2), item(3, ["site": "west"]), item(4, ["state": "test"])], harness)
            #expect(try await states(harness, [1, 2, 3, 4]) == [.active, .active, .active, nil])
            let sent = harness.aws.state.withLock { $0.hub }
            #expect(sent.count == 3)
            harness.time.advance(by: .seconds(60))
            try await process([item(1)], harness)
            let known = try #require(try await harness.store.ledgerEntries(ids: [findingID(1)]).values.first)
            #expect(known.report?.lastReportedAt == now + 60_000 && known.group == "nozomi/east")
            #expect(harness.aws.state.withLock { $0.hub } == sent)
            try await process([item(1, ["state": "closed"]), item(2), item(2, ["risk": "low"])], harness)
            #expect(try await states(harness, [1, 2, 3]) == [.archived, .active, .active])
            try await process([item(9, ["state": "removed"])], harness)
            #expect(try await states(harness, [1, 2, 3]) == [.archived, .archived, .active])
            try await process([item(2)], harness)
            #expect(try await states(harness, [1, 2, 3]) == [.archived, .active, .active])
            #expect(try await harness.store.queueStatus().completed == 10)
        }
    }

    @Test("What cannot be mapped is a dead letter of its own, and maps when it is replayed")
    func deadLetters() async throws {
        try await ProcessingHarness.run { harness in
            let broken: JSON = ["id": 5, "name": "no device", "risk": "low"]
            try await process([item(1), broken, item(2, ["account": "444455556666"])], harness)
            #expect(try await states(harness, [1, 2, 5]) == [.active, nil, nil])
            let reasons = try await harness.store.newestDeadLetters(limit: 9).map(\.reason)
            #expect(reasons.count == 2)
            #expect(reasons.contains { $0.hasPrefix("resources: ") } && reasons.contains { $0.hasPrefix("accounts: ") })
        }
    }

    @Test("Items of a source that is not configured are dead letters, which map when it is configured again")
    func unknownSource() async throws {
        try await ProcessingHarness.run { harness in
            var without = settings
            without.sources = [:]
            try await process([item(1)], harness, settings: without)
            let letter = try #require(try await harness.store.newestDeadLetters(limit: 9).first)
            #expect(letter.source == "nozomi" && letter.reason.contains("is not configured"))
            _ = try await harness.store.requeueDeadLetters(ids: [letter.id])
            try await process([], harness)
            #expect(try await states(harness, [1]) == [.active])
        }
    }

    @Test("Findings that the source still reports are refreshed; those of other sources are not") func refresh()
        async throws
    {
        try await ProcessingHarness.run { harness in
            try await process([item(1), item(2)], harness)
            harness.time.advance(by: Planner.refreshAge - .seconds(60))
            try await process([item(1)], harness)
            harness.time.advance(by: .seconds(120))
            let before = try await harness.store.ledgerEntries(ids: [1, 2].map(findingID))
            _ = try await harness.store.append(
                InternalTask.refreshSource.delivery(
                    of: lane.accountRegion, source: lane.source, now: harness.time.now))
            try await process([], harness)
            let after = try await harness.store.ledgerEntries(ids: [1, 2].map(findingID))
            let times = try [before, after].map { try #require($0[findingID(1)]).updatedAt }
            #expect(times[0] < times[1])
            #expect(after[findingID(2)] == before[findingID(2)])
        }
    }
}

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
    private let source: MappedSourceFixture

    init() throws { source = try MappedSourceFixture() }

    @Test("Items become findings: new, unchanged, archived, archived with their group, and active again")
    func lifecycle() async throws {
        try await ProcessingHarness.run { harness in
            try await source.process(
                [source.item(1), source.item(2), source.item(3, ["site": "west"]), source.item(4, ["state": "test"])],
                harness)
            #expect(try await source.states(harness, [1, 2, 3, 4]) == [.active, .active, .active, nil])
            let sent = harness.aws.state.withLock { $0.hub }
            #expect(sent.count == 3)
            harness.time.advance(by: .seconds(60))
            try await source.process([source.item(1)], harness)
            let known = try #require(try await harness.store.ledgerEntries(ids: [source.findingID(1)]).values.first)
            #expect(known.report?.lastReportedAt == now + 60_000 && known.group == "nozomi/east")
            #expect(harness.aws.state.withLock { $0.hub } == sent)
            try await source.process(
                [source.item(1, ["state": "closed"]), source.item(2), source.item(2, ["risk": "low"])], harness)
            #expect(try await source.states(harness, [1, 2, 3]) == [.archived, .active, .active])
            try await source.process([source.item(9, ["state": "removed"])], harness)
            #expect(try await source.states(harness, [1, 2, 3]) == [.archived, .archived, .active])
            try await source.process([source.item(2)], harness)
            #expect(try await source.states(harness, [1, 2, 3]) == [.archived, .active, .active])
            #expect(try await harness.store.queueStatus().completed == 10)
        }
    }

    @Test("What cannot be mapped is a dead letter of its own, and maps when it is replayed")
    func deadLetters() async throws {
        try await ProcessingHarness.run { harness in
            let broken: JSON = ["id": 5, "name": "no device", "risk": "low"]
            try await source.process([source.item(1), broken, source.item(2, ["account": "444455556666"])], harness)
            #expect(try await source.states(harness, [1, 2, 5]) == [.active, nil, nil])
            let reasons = try await harness.store.newestDeadLetters(limit: 9).map(\.reason)
            #expect(reasons.count == 2)
            #expect(reasons.contains { $0.hasPrefix("resources: ") } && reasons.contains { $0.hasPrefix("accounts: ") })
        }
    }

    @Test("Items of a source that is not configured are dead letters, which map when it is configured again")
    func unknownSource() async throws {
        try await ProcessingHarness.run { harness in
            var without = source.settings
            without.sources = [:]
            try await source.process([source.item(1)], harness, settings: without)
            let letter = try #require(try await harness.store.newestDeadLetters(limit: 9).first)
            #expect(letter.source == "nozomi" && letter.reason.contains("is not configured"))
            _ = try await harness.store.requeueDeadLetters(ids: [letter.id])
            try await source.process([], harness)
            #expect(try await source.states(harness, [1]) == [.active])
        }
    }

    @Test("Findings that the source still reports are refreshed; those of other sources are not") func refresh()
        async throws
    {
        try await ProcessingHarness.run { harness in
            try await source.process([source.item(1), source.item(2)], harness)
            harness.time.advance(by: Planner.refreshAge - .seconds(60))
            try await source.process([source.item(1)], harness)
            harness.time.advance(by: .seconds(120))
            let before = try await harness.store.ledgerEntries(ids: [1, 2].map(source.findingID))
            _ = try await harness.store.append(
                InternalTask.refreshSource.delivery(
                    of: source.lane.accountRegion, source: source.lane.source, now: harness.time.now))
            try await source.process([], harness)
            let after = try await harness.store.ledgerEntries(ids: [1, 2].map(source.findingID))
            let times = try [before, after].map { try #require($0[source.findingID(1)]).updatedAt }
            #expect(times[0] < times[1])
            #expect(after[source.findingID(2)] == before[source.findingID(2)])
        }
    }
}

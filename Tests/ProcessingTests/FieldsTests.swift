import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing

/// User-defined fields from a delivery to Security Hub.
@Suite struct FieldsTests {
    private static func mapping(_ entries: [String]) throws -> MappingOptions {
        MappingOptions(checkSummaries: false, userDefinedFields: try UserDefinedFields(entries: entries))
    }

    @Test("A new finding is imported with fixed fields, and a change of them updates it with its next audit, once")
    func fixed() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1"], mapping: try Self.mapping(["team=a"]))
            #expect(harness.fields == [["team": "a"]] && harness.updates == 0)
            for (task, updates) in [("t2", 1), ("t3", 1)] {
                try await harness.audit(
                    task, at: now + (task == "t2" ? 1000 : 2000), ["c1"], mapping: try Self.mapping(["team=b"]))
                #expect(harness.fields == [["team": "b"]] && harness.updates == updates)
            }
            #expect(harness.aws.state.withLock { $0.imports.count } == 1)
        }
    }

    @Test("An alarm is imported with the attributes of its thing, which is looked up once")
    func attributes() async throws {
        try await ProcessingHarness.run { harness in
            let mapping = try Self.mapping(["site={thing.attributes.site}"])
            harness.aws.state.withLock { $0.things = ["pump-17": ["site": "Zug"]] }
            let processor = try harness.processor(of: .alarms, mapping: mapping)
            for (number, id) in ["v1", "v2"].enumerated() {
                let message = Messages.alarm(id, at: now + number)
                _ = try await harness.store.append(delivery(id, message, of: accountRegion()))
                await processor.process(try await harness.leaseReady())
            }
            #expect(harness.fields == [["site": "Zug"], ["site": "Zug"]] && harness.updates == 0)
            #expect(harness.aws.state.withLock { $0.thingLookups } == 1)
        }
    }

    @Test("Findings do not wait for a slow lookup, whose result is used later")
    func slow() async throws {
        try await ProcessingHarness.run { harness in
            let (gate, opening) = AsyncStream.makeStream(of: Never.self)
            harness.aws.state.withLock {
                $0.things = ["pump-17": ["site": "Zug"]]
                $0.duringLookup = { for await _ in gate {} }
            }
            let things = ThingDirectory(
                client: harness.client, region: try accountRegion().region, clock: harness.processing.clock,
                metrics: harness.processing.metrics, patience: .zero)
            #expect(await things.attributes(of: ["pump-17"]).isEmpty)
            opening.finish()
            try await eventually("the attributes") {
                await things.attributes(of: ["pump-17"]) == ["pump-17": ["site": "Zug"]]
            }
            #expect(harness.aws.state.withLock { $0.thingLookups } == 1)
        }
    }

    @Test("A failed lookup does not keep an alarm from import, and catch-up adds the fields")
    func failed() async throws {
        try await ProcessingHarness.run { harness in
            let mapping = try Self.mapping(["team=a", "site={thing.attributes.site}"])
            harness.aws.state.withLock {
                $0.fault = { path, _ in
                    path.hasPrefix("/things/") ? .status(403, code: "AccessDeniedException") : nil
                }
            }
            _ = try await harness.store.append(delivery("1", Messages.alarm("v1", at: now), of: accountRegion()))
            try await harness.process(of: accountRegion(), mapping: mapping)
            #expect(harness.fields == [["team": "a"]])
            harness.aws.state.withLock {
                $0.fault = { _, _ in nil }
                $0.things = ["pump-17": ["site": "Zug"]]
                $0.activeViolations = [[Messages.activeViolation("v1", since: now)]]
            }
            for _ in 0..<2 {
                harness.time.advance(by: .seconds(3600))
                _ = try await CatchUpQuery(
                    accountRegion: accountRegion(), store: harness.store, client: harness.client, mapping: mapping,
                    logger: harness.processing.logger
                ).run(since: nil)
                try await harness.process(of: accountRegion(), mapping: mapping)
                #expect(harness.fields == [["team": "a", "site": "Zug"]] && harness.updates == 1)
            }
        }
    }
}

extension ProcessingHarness {
    /// The user-defined fields of the findings in Security Hub.
    fileprivate var fields: [JSON?] {
        aws.state.withLock { state in
            state.hub.map { id, finding in
                state.customerFields[id]?["UserDefinedFields"] ?? finding["UserDefinedFields"]
            }
        }
    }
    /// The number of updates.
    fileprivate var updates: Int { aws.state.withLock { $0.updates.count } }
}

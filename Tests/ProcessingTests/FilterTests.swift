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

/// Filters from a delivery to Security Hub.
@Suite struct FilterTests {
    private static func mapping(_ exclude: [String]) throws -> MappingOptions {
        MappingOptions(
            checkSummaries: false, filter: FindingFilter(exclude: try NamePatterns(entries: exclude)))
    }

    @Test("Audits archive the findings that a filter hides once, and import them again without it")
    func audits() async throws {
        try await ProcessingHarness.run { harness in
            let filtered = try Self.mapping([Messages.clientIDs])
            try await harness.audit("t1", at: now, ["c1", "c2"])
            for (task, (mapping, active)) in [
                (filtered, []), (filtered, []), (MappingOptions(checkSummaries: false), ["c1", "c2"]), (filtered, []),
            ].enumerated() {
                let before = harness.aws.state.withLock { $0.imports.count }
                try await harness.audit(
                    "t\(task + 2)", at: now + Int64(task + 1) * 1000, ["c1", "c2"], mapping: mapping)
                #expect(harness.activeClients == Set(active))
                let imports = harness.aws.state.withLock { $0.imports.count } - before
                #expect(imports == (task == 1 ? 0 : 1))
            }
        }
    }

    @Test("Findings that a filter hides from the first audit on are not imported, nor when they end")
    func hidden() async throws {
        try await ProcessingHarness.run { harness in
            let filtered = try Self.mapping([Messages.clientIDs])
            try await harness.audit("t1", at: now, ["c1", "c2"], mapping: filtered)
            try await harness.audit("t2", at: now + 1000, ["c1"], mapping: filtered)
            #expect(harness.aws.state.withLock { $0.imports.isEmpty })
            try await harness.audit("t3", at: now + 2000, ["c1"])
            #expect(harness.activeClients == ["c1"])
        }
    }

    @Test("Catch-up archives a raised alarm that a filter hides, and makes it active without the filter, each time")
    func alarms() async throws {
        try await ProcessingHarness.run { harness in
            let filtered = try Self.mapping(["*/*"])
            _ = try await harness.store.append(delivery("1", Messages.alarm("v1", at: now), of: accountRegion()))
            try await harness.process(of: accountRegion())
            harness.aws.state.withLock { $0.activeViolations = [[Messages.activeViolation("v1", since: now)]] }
            func states() -> [JSON?] { harness.aws.state.withLock { $0.hub.values.map { $0["RecordState"] } } }
            for round in 0..<2 {
                for (mapping, state) in [(filtered, "ARCHIVED"), (MappingOptions(checkSummaries: false), "ACTIVE")] {
                    harness.time.advance(by: .seconds(3600))
                    #expect(try await catchUp(harness, mapping) == 0)
                    #expect(states() == [.string(state)], "round \(round)")
                }
            }
        }
    }

    private func catchUp(_ harness: ProcessingHarness, _ mapping: MappingOptions) async throws -> Int {
        let found = try await CatchUpQuery(
            accountRegion: accountRegion(), store: harness.store, client: harness.client, mapping: mapping,
            logger: harness.processing.logger
        ).run(since: nil)
        try await harness.process(of: accountRegion(), mapping: mapping)
        return found.alarms
    }
}

import DeviceDefender
import Encoding
import Fixtures
import JSON
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing

/// Summaries of one check by several scheduled audits and on-demand audits, through the processor.
@Suite struct SummaryTests {
    /// Imports an audit without findings.
    private func audit(
        _ harness: ProcessingHarness, _ task: String, at time: Timestamp, by schedule: String?, _ status: String
    )
        async throws
    {
        harness.aws.state.withLock {
            $0.audits[task] = (
                Messages.description(startTime: time, audit: schedule, checks: [Messages.clientIDs: status]), [[]]
            )
        }
        _ = try await harness.store.append(delivery(task, Messages.audit(task, startTime: time), of: accountRegion()))
        try await harness.process(of: accountRegion(), mapping: MappingOptions())
    }

    /// The scheduled audits with an active summary.
    private func active(_ harness: ProcessingHarness) -> Set<String> {
        Set(
            harness.aws.state.withLock { $0.hub.values.filter { $0["RecordState"] == "ACTIVE" } }
                .compactMap { $0["Id"]?.string?.split(separator: "/").dropLast().last.map(String.init) })
    }

    private let failed = "COMPLETED_NON_COMPLIANT"
    private let passed = "COMPLETED_COMPLIANT"
    private let broken = "FAILED"

    @Test("An audit with a compliant check archives the summaries of the check of all schedules")
    func compliant() async throws {
        try await ProcessingHarness.run { harness in
            for (number, schedule) in ["Daily", "Weekly", nil].enumerated() {
                try await audit(
                    harness, "t\(number)", at: now + number, by: schedule, number == 1 ? broken : failed)
            }
            #expect(active(harness) == ["Daily", "Weekly", "OnDemand"])
            try await audit(harness, "t3", at: now + 10, by: "Renamed", passed)
            #expect(active(harness) == [])
            // Late audits change nothing.
            try await audit(harness, "t4", at: now + 5, by: "Weekly", failed)
            try await audit(harness, "t5", at: now + 6, by: "Another", failed)
            #expect(active(harness) == [])
            try await audit(harness, "t6", at: now + 20, by: "Weekly", failed)
            #expect(active(harness) == ["Weekly"])
        }
    }

    @Test("An audit with a noncompliant check archives older on-demand summaries, and keeps those of other schedules")
    func nonCompliant() async throws {
        try await ProcessingHarness.run { harness in
            try await audit(harness, "t1", at: now, by: nil, failed)
            try await audit(harness, "t2", at: now + 1, by: "Daily", failed)
            #expect(active(harness) == ["Daily"])
            try await audit(harness, "t3", at: now + 2, by: "Weekly", failed)
            try await audit(harness, "t4", at: now + 3, by: nil, failed)
            #expect(active(harness) == ["Daily", "Weekly", "OnDemand"])
            let imports = harness.aws.state.withLock { $0.imports.joined().count }
            // Two schedules on one check do not flap.
            for number in 4..<10 {
                try await audit(
                    harness, "t1\(number)", at: now + number, by: number.isMultiple(of: 2) ? "Daily" : "Weekly",
                    failed)
            }
            #expect(active(harness) == ["Daily", "Weekly"])
            #expect(harness.aws.state.withLock { $0.imports.joined().count } == imports + 1)
            // A late on-demand audit is outdated by a newer audit.
            try await audit(harness, "t2x", at: now + 8, by: nil, failed)
            #expect(active(harness) == ["Daily", "Weekly"])
        }
    }

    @Test("An audit that did not complete the check archives no other summary", arguments: ["FAILED", "CANCELED"])
    func incomplete(status: String) async throws {
        try await ProcessingHarness.run { harness in
            try await audit(harness, "t1", at: now, by: nil, failed)
            try await audit(harness, "t2", at: now + 1, by: "Daily", failed)
            try await audit(harness, "t3", at: now + 2, by: nil, failed)
            try await audit(harness, "t4", at: now + 3, by: "Weekly", status)
            #expect(active(harness).isSuperset(of: ["Daily", "OnDemand"]))
        }
    }

    @Test("The summary of a deleted schedule is archived, even if others complete the check")
    func deletedSchedule() async throws {
        try await ProcessingHarness.run { harness in
            let day = 86_400_000
            try await audit(harness, "t1", at: now, by: "Old", failed)
            try await audit(harness, "t2", at: now + 40 * day, by: "New", failed)
            try await harness.store.finishLedger(of: accountRegion(), appliedAudits: [], now: now)
            try await harness.store.record(AuditCoverage(since: now, until: now + 46 * day), of: accountRegion(), [])
            let staleAfter = Duration.seconds(45 * 86_400)
            try await harness.scheduler(staleAfter: staleAfter).scheduleStaleFindings()
            try await harness.process(of: accountRegion(), mapping: MappingOptions(staleAfter: staleAfter))
            #expect(active(harness) == ["New"])
        }
    }
}

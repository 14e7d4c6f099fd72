import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SQLiteStore
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Telemetry

@Suite struct AuditProcessorTests {
    @Test("An audit imports all pages, an equal one imports nothing, and the next one archives findings that are gone")
    func pages() async throws {
        try await ProcessingHarness.run { harness in
            let clients = (0..<600).map { "c\($0)" }
            try await harness.audit("t1", at: now, clients)
            var state = harness.aws.state.withLock { ($0.imports.joined().count, $0.listed, $0.hub.count) }
            #expect(state == (600, 3, 600))
            // Two pages fill whole batches.
            #expect(harness.aws.state.withLock { $0.imports.map(\.count) } == [100, 100, 100, 100, 100, 100])
            try await harness.audit("t2", at: now + 1000, clients)
            #expect(harness.aws.state.withLock { $0.imports.joined().count } == 600)
            try await harness.audit("t3", at: now + 2000, Array(clients.dropFirst(10)) + ["d1", "d2"])
            state = harness.aws.state.withLock { ($0.imports.joined().count, $0.listed, $0.hub.count) }
            #expect(state == (612, 9, 602) && harness.activeClients.count == 592)
            #expect(harness.aws.state.withLock { $0.ignored + $0.overlaps } == 0)
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 3)
            #expect(try await harness.store.ledgerCounts().active == 592)
        }
    }

    @Test("A check that did not complete archives nothing", arguments: ["FAILED", "CANCELED", "IN_PROGRESS"])
    func incomplete(status: String) async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1"])
            try await harness.audit("t2", at: now + 1, ["c2"], status: status)
            #expect(harness.activeClients == ["c1"])
        }
    }

    @Test("Findings of a compliant check and suppressed findings are archived, and active again when they come back")
    func compliant() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1", "c2"])
            try await harness.audit("t2", at: now + 1000, ["c1", "c2"], suppressed: ["c2"])
            #expect(harness.activeClients == ["c1"])
            try await harness.audit("t3", at: now + 2000, [], status: "COMPLETED_COMPLIANT")
            #expect(harness.activeClients == [])
            try await harness.audit("t4", at: now + 3000, ["c1"])
            #expect(harness.activeClients == ["c1"])
        }
    }

    @Test("An older audit after a newer one changes nothing, not even for findings unknown to the ledger")
    func older() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t2", at: now, ["c1"])
            try await harness.audit("t1", at: now - 1000, ["c1", "c2"])
            #expect(harness.activeClients == ["c1"])
            #expect(try await harness.store.queueStatus().completed == 2)
        }
    }

    @Test("An audit that failed halfway continues without importing findings again")
    func interrupted() async throws {
        try await ProcessingHarness.run { harness in
            let clients = (0..<750).map { "c\($0)" }
            harness.aws.state.withLock { state in
                state.fault = { path, body in
                    path.hasSuffix("/audit/findings") && body["nextToken"] == "2"
                        ? .status(500, code: "InternalFailureException") : nil
                }
            }
            try await harness.audit("t1", at: now, clients)
            #expect(try await harness.store.queueStatus().pending == 1 && harness.activeClients.count == 500)
            harness.aws.state.withLock { $0.fault = { _, _ in nil } }
            harness.time.advance(by: .seconds(1))
            let listed = harness.aws.state.withLock { $0.listed }
            try await harness.process(of: accountRegion())
            #expect(
                harness.aws.state.withLock { $0.imports.joined().count } == 750 && harness.activeClients.count == 750)
            // It continued with the page that had failed.
            #expect(harness.aws.state.withLock { $0.listed } == listed + 1)
            #expect(try await harness.store.queueStatus().completed == 1)
        }
    }

    @Test("An interrupted audit with an expired page token is listed again from the first page")
    func lostPlace() async throws {
        try await ProcessingHarness.run { harness in
            let first = Atomic(true)
            let again = Atomic(true)
            harness.aws.state.withLock { state in
                state.fault = { path, body in
                    guard path.hasSuffix("/audit/findings"), body["nextToken"] == "2" else { return nil }
                    if first.load(ordering: .relaxed) { return .status(500, code: "InternalFailureException") }
                    guard again.exchange(false, ordering: .relaxed) else { return nil }
                    return .status(400, code: "InvalidRequestException")
                }
            }
            try await harness.audit("t1", at: now, (0..<750).map { "c\($0)" })
            first.store(false, ordering: .relaxed)
            harness.time.advance(by: .seconds(1))
            try await harness.process(of: accountRegion())
            #expect(harness.activeClients.count == 750)
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 1 && status.dead == 0)
        }
    }

    @Test("Findings that an interrupted audit may have sent are sent again, and archived by a newer audit without them")
    func interruptedImport() async throws {
        try await ProcessingHarness.run { harness in
            // The responses are lost, not the imports.
            harness.aws.state.withLock { $0.losesResponses = true }
            try await harness.audit("t1", at: now, ["c1", "c2"])
            #expect(harness.activeClients == ["c1", "c2"])
            #expect(try await harness.store.queueStatus().pending == 1)
            harness.aws.state.withLock { $0.losesResponses = false }
            try await harness.audit("t2", at: now + 1000, ["c2"])
            #expect(harness.activeClients == ["c2"])
            harness.time.advance(by: .seconds(1))
            try await harness.process(of: accountRegion())
            #expect(harness.activeClients == ["c2"])
            #expect(try await harness.store.queueStatus().completed == 2)
        }
    }

    @Test("Findings rejected before an interruption are reported in the dead letter")
    func rejectedBefore() async throws {
        try await ProcessingHarness.run { harness in
            let poison = try auditObservation("c7").finding.id
            harness.aws.state.withLock { state in
                state.failures[poison] = "InvalidInput"
                state.fault = { path, body in
                    path.hasSuffix("/audit/findings") && body["nextToken"] == "2"
                        ? .status(500, code: "InternalFailureException") : nil
                }
            }
            try await harness.audit("t1", at: now, (0..<550).map { "c\($0)" })
            harness.aws.state.withLock { $0.fault = { _, _ in nil } }
            harness.time.advance(by: .seconds(1))
            try await harness.process(of: accountRegion())
            #expect(harness.activeClients.count == 549)
            let letter = try #require(try await harness.store.deadLetters(matching: .all, limit: 1, after: nil).first)
            #expect(letter.reason.hasPrefix("\(poison): "))
        }
    }

    @Test(
        "A failed or canceled audit applies the checks that it completed, and a canceled one archives their summaries",
        arguments: ["FAILED", "CANCELED"])
    func ended(last: String) async throws {
        try await ProcessingHarness.run { harness in
            let checks = [Messages.clientIDs: "COMPLETED_NON_COMPLIANT", "LOGGING_DISABLED_CHECK": "CANCELED"]
            for (task, time, status) in [("t1", now, "COMPLETED"), ("t2", now + 1000, last)] {
                harness.aws.state.withLock {
                    $0.audits[task] = (
                        Messages.description(startTime: time, status: status, checks: checks),
                        [[Messages.auditFinding(task, at: time)]]
                    )
                }
                _ = try await harness.store.append(
                    delivery(task, Messages.audit(task, startTime: time), of: accountRegion()))
                try await harness.process(of: accountRegion(), mapping: MappingOptions())
                // The findings of the previous audit are archived.
                #expect(harness.activeClients.intersection(["t1", "t2"]) == [task])
                let summaries = harness.aws.state.withLock { $0.hub.filter { $0.key.contains("audits/summary") } }
                let states = Set(summaries.values.map { $0["RecordState"]?.string ?? "" })
                #expect(states == (status == "CANCELED" ? ["ARCHIVED"] : ["ACTIVE", "ARCHIVED"]))
            }
        }
    }

    @Test("Configured severities apply to audit findings")
    func severities() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock {
                $0.audits["t1"] = (
                    Messages.description(startTime: now, checks: [Messages.clientIDs: "COMPLETED_NON_COMPLIANT"]),
                    [[Messages.auditFinding("c1", at: now)]]
                )
            }
            _ = try await harness.store.append(delivery("t1", Messages.audit("t1"), of: accountRegion()))
            try await harness.process(
                of: accountRegion(),
                mapping: MappingOptions(severities: try SeverityRules(entries: ["CONFLICTING*=LOW"])))
            let labels = harness.aws.state.withLock { $0.hub.values.map { $0["Severity"]?["Label"] } }
            #expect(labels == ["LOW", "LOW"])
        }
    }

    @Test("An audit that AWS IoT reports as running is retried")
    func running() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock {
                $0.audits["t1"] = (Messages.description(startTime: now, status: "IN_PROGRESS", checks: [:]), [[]])
            }
            _ = try await harness.store.append(delivery("1", Messages.audit("t1"), of: accountRegion()))
            try await harness.process(of: accountRegion())
            #expect(try await harness.store.queueStatus().pending == 1)
        }
    }

    @Test("An audit that AWS IoT does not know is dead-lettered with AWS's error")
    func notFound() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { $0.fault = { _, _ in .status(404, code: "ResourceNotFoundException") } }
            _ = try await harness.store.append(delivery("1", Messages.audit("t1"), of: accountRegion()))
            try await harness.process(of: accountRegion())
            let letter = try #require(try await harness.store.deadLetters(matching: .all, limit: 1, after: nil).first)
            #expect(letter.reason.contains("ResourceNotFoundException"))
        }
    }

    @Test("A finding that cannot be parsed is reported, the others are imported, and none is archived")
    func unread() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1", "c2"])
            try await harness.audit("t2", at: now + 1000, ["c2", "c3"], more: [["findingId": "bad", "checkName": 5]])
            #expect(harness.activeClients == ["c1", "c2", "c3"])
            let letter = try #require(try await harness.store.deadLetters(matching: .all, limit: 1, after: nil).first)
            #expect(letter.reason.hasPrefix("bad: cannot parse the audit finding: "))
        }
    }

    @Test("A finding that Security Hub rejects is reported and unchanged, and the others are updated")
    func rejected() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1", "c2", "c3"])
            let poison = try auditObservation("c1").finding.id
            harness.aws.state.withLock { state in
                state.fault = { _, body in
                    let texts = (body["Findings"]?.array ?? []).compactMap { $0["Description"]?.string }
                    return texts.contains { $0.hasSuffix("Thrice") } ? .status(400, code: "InvalidInputException") : nil
                }
            }
            let changed = Messages.auditFinding("c1", at: now + 1000, reason: "Thrice")
            try await harness.audit("t2", at: now + 1000, ["c2"], more: [changed])
            #expect(harness.activeClients == ["c1", "c2"])
            let letter = try #require(try await harness.store.deadLetters(matching: .all, limit: 1, after: nil).first)
            #expect(letter.reason.hasPrefix("\(poison): "))
        }
    }

    @Test("An audit changes no findings of alarms")
    func others() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("a", Messages.alarm(), of: accountRegion()))
            try await harness.process(of: accountRegion())
            try await harness.audit("t1", at: now + 1000, [], status: "COMPLETED_COMPLIANT")
            #expect(try await harness.store.ledgerCounts().active == 1)
        }
    }
}

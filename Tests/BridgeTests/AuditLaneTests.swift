import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store
import Synchronization
import Testing

@testable import Bridge

@Suite struct AuditLaneTests {
    /// Has an audit be told of and walked.
    private func audit(
        _ shop: Workshop, _ task: String, at time: Int64, _ clients: [String],
        status: String = "COMPLETED_NON_COMPLIANT", suppressed: Set<String> = [], more: [JSON] = []
    ) async throws {
        let findings = clients.map { Messages.auditFinding($0, at: time, isSuppressed: suppressed.contains($0)) } + more
        let pages = stride(from: 0, to: findings.count, by: 250).map { Array(findings[$0...].prefix(250)) }
        shop.aws.state.withLock {
            $0.audits[task] = (
                Messages.description(startTime: time, checks: [Messages.clientIDs: status]),
                pages.isEmpty ? [[]] : pages
            )
        }
        _ = try await shop.store.append(delivery(task, Messages.audit(task, startTime: time), of: origin()))
        try await shop.work(of: origin())
    }

    private func active(_ shop: Workshop) -> Set<String> {
        Set(
            shop.aws.state.withLock { $0.hub.values.filter { $0["RecordState"] == "ACTIVE" } }
                .compactMap {
                    $0["Resources"]?.array?.first?["Id"]?.string?.split(separator: "/").last.map(String.init)
                })
    }

    @Test("All pages are imported, the same audit again imports nothing, and the next one archives what is gone")
    func pages() async throws {
        try await Workshop.run { shop in
            let clients = (0..<600).map { "c\($0)" }
            try await audit(shop, "t1", at: now, clients)
            var state = shop.aws.state.withLock { ($0.imports.joined().count, $0.listed, $0.hub.count) }
            #expect(state == (600, 3, 600))
            try await audit(shop, "t2", at: now + 1000, clients)
            #expect(shop.aws.state.withLock { $0.imports.joined().count } == 600)
            try await audit(shop, "t3", at: now + 2000, Array(clients.dropFirst(10)) + ["d1", "d2"])
            state = shop.aws.state.withLock { ($0.imports.joined().count, $0.listed, $0.hub.count) }
            #expect(state == (612, 9, 602) && active(shop).count == 592)
            #expect(shop.aws.state.withLock { $0.ignored + $0.overlaps } == 0)
            let status = try await shop.store.status()
            #expect(status.completed == 3 && status.activeFindings == 592)
        }
    }

    @Test("A check that did not complete archives nothing", arguments: ["FAILED", "CANCELED", "IN_PROGRESS"])
    func incomplete(status: String) async throws {
        try await Workshop.run { shop in
            try await audit(shop, "t1", at: now, ["c1"])
            try await audit(shop, "t2", at: now + 1, ["c2"], status: status)
            #expect(active(shop) == ["c1"])
        }
    }

    @Test("A check turned compliant archives all, suppressed ones are archived, and what comes back is active again")
    func compliant() async throws {
        try await Workshop.run { shop in
            try await audit(shop, "t1", at: now, ["c1", "c2"])
            try await audit(shop, "t2", at: now + 1000, ["c1", "c2"], suppressed: ["c2"])
            #expect(active(shop) == ["c1"])
            try await audit(shop, "t3", at: now + 2000, [], status: "COMPLETED_COMPLIANT")
            #expect(active(shop) == [])
            try await audit(shop, "t4", at: now + 3000, ["c1"])
            #expect(active(shop) == ["c1"])
        }
    }

    @Test("An older audit after a newer one brings nothing back, not even what the ledger never heard of")
    func older() async throws {
        try await Workshop.run { shop in
            try await audit(shop, "t2", at: now, ["c1"])
            try await audit(shop, "t1", at: now - 1000, ["c1", "c2"])
            #expect(active(shop) == ["c1"])
            #expect(try await shop.store.status().completed == 2)
        }
    }

    @Test("An audit that failed half-way goes on without importing again what was imported")
    func interrupted() async throws {
        try await Workshop.run { shop in
            let clients = (0..<500).map { "c\($0)" }
            shop.aws.state.withLock { state in
                state.fault = { path, body in
                    path.hasSuffix("/audit/findings") && body["nextToken"] != nil
                        ? .status(500, code: "InternalFailureException") : nil
                }
            }
            try await audit(shop, "t1", at: now, clients)
            #expect(try await shop.store.status().pending == 1 && active(shop).count == 250)
            shop.aws.state.withLock { $0.fault = { _, _ in nil } }
            shop.time.advance(by: .seconds(1))
            try await shop.work(of: origin())
            #expect(shop.aws.state.withLock { $0.imports.joined().count } == 500 && active(shop).count == 500)
            #expect(try await shop.store.status().completed == 1)
        }
    }

    @Test("An audit that AWS IoT still calls running is asked about again")
    func running() async throws {
        try await Workshop.run { shop in
            shop.aws.state.withLock {
                $0.audits["t1"] = (Messages.description(startTime: now, status: "IN_PROGRESS", checks: [:]), [[]])
            }
            _ = try await shop.store.append(delivery("1", Messages.audit("t1"), of: origin()))
            try await shop.work(of: origin())
            #expect(try await shop.store.status().pending == 1)
        }
    }

    @Test("An audit that AWS IoT does not know is given up with AWS's words")
    func notFound() async throws {
        try await Workshop.run { shop in
            shop.aws.state.withLock { $0.fault = { _, _ in .status(404, code: "ResourceNotFoundException") } }
            _ = try await shop.store.append(delivery("1", Messages.audit("t1"), of: origin()))
            try await shop.work(of: origin())
            let letter = try #require(try await shop.store.deadLetters(limit: 1, after: nil).first)
            #expect(letter.reason.contains("ResourceNotFoundException"))
        }
    }

    @Test("A finding that cannot be read is told of, the others are imported, and nothing counts as gone")
    func unread() async throws {
        try await Workshop.run { shop in
            try await audit(shop, "t1", at: now, ["c1", "c2"])
            try await audit(shop, "t2", at: now + 1000, ["c2", "c3"], more: [["findingId": "bad", "checkName": 5]])
            #expect(active(shop) == ["c1", "c2", "c3"])
            let letter = try #require(try await shop.store.deadLetters(limit: 1, after: nil).first)
            #expect(letter.reason.hasPrefix("bad: the audit finding was not understood: "))
        }
    }

    @Test("A finding that Security Hub refuses is told of, stays as it was, and the others go on")
    func refused() async throws {
        try await Workshop.run { shop in
            try await audit(shop, "t1", at: now, ["c1", "c2", "c3"])
            let poison = try auditObservation("c1").finding.id
            shop.aws.state.withLock { state in
                state.fault = { _, body in
                    let texts = (body["Findings"]?.array ?? []).compactMap { $0["Description"]?.string }
                    return texts.contains { $0.hasSuffix("Thrice") } ? .status(400, code: "InvalidInputException") : nil
                }
            }
            let changed = Messages.auditFinding("c1", at: now + 1000, reason: "Thrice")
            try await audit(shop, "t2", at: now + 1000, ["c2"], more: [changed])
            #expect(active(shop) == ["c1", "c2"])
            let letter = try #require(try await shop.store.deadLetters(limit: 1, after: nil).first)
            #expect(letter.reason.hasPrefix("\(poison): "))
        }
    }

    @Test("A suppression archives the findings of its resource alone")
    func suppression() async throws {
        try await Workshop.run { shop in
            try await audit(shop, "t1", at: now, ["c1", "c1/CODE", "c2"])
            let event = Messages.suppression(of: "c1", time: "2026-11-22T11:00:00Z")
            _ = try await shop.store.append(delivery("e1", event, from: .eventBridge, of: origin()))
            try await shop.work(of: origin())
            #expect(active(shop) == ["CODE", "c2"])
        }
    }

    @Test("A suppression that is told of after a newer audit changes nothing")
    func lateSuppression() async throws {
        try await Workshop.run { shop in
            try await audit(shop, "t1", at: now, ["c1"])
            let event = Messages.suppression(of: "c1", time: "2026-11-22T09:00:00Z")
            _ = try await shop.store.append(delivery("e1", event, from: .eventBridge, of: origin()))
            try await shop.work(of: origin())
            #expect(active(shop) == ["c1"])
            #expect(try await shop.store.status().completed == 2)
        }
    }

    @Test("An audit touches neither alarms nor other accounts and Regions")
    func others() async throws {
        try await Workshop.run { shop in
            _ = try await shop.store.append(delivery("a", Messages.alarm(), of: origin()))
            try await shop.work(of: origin())
            try await audit(shop, "t1", at: now + 1000, [], status: "COMPLETED_COMPLIANT")
            #expect(try await shop.store.status().activeFindings == 1)
        }
    }
}

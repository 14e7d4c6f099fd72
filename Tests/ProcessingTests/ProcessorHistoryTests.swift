import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SQLiteStore
import SecurityFindings
import SourceMapping
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing

/// Random histories, with items of a mapped source, through the real processors and a real store, while requests to AWS fail before or after AWS has
/// executed them.
@Suite struct ProcessorHistoryTests {
    @Test("Random histories converge to the expected state when requests fail", .timeLimit(.minutes(15)))
    func converge() async throws {
        let generator = try EventGenerator()
        let first = UInt64.random(in: 0...UInt64.max / 2)
        print("The random histories through the processors begin with seed \(first).")
        for seed in first..<first + 60 {
            try await ProcessingHarness.run { harness in try await HistoryReplay(generator, seed: seed, harness).run() }
        }
    }
}

/// Sends one history through the processors.
private final class HistoryReplay: Sendable {
    let generator: EventGenerator
    let seed: UInt64
    let harness: ProcessingHarness
    let history: EventHistory
    private let accountRegion: AccountRegion
    private let sources: [String: ProcessingSettings.Source]
    private let random: Mutex<SeededGenerator>

    init(_ generator: EventGenerator, seed: UInt64, _ harness: ProcessingHarness) throws {
        var random = SeededGenerator(seed: seed)
        (self.generator, self.seed, self.harness) = (generator, seed, harness)
        history = try EventHistory(generator, using: &random)
        accountRegion = try Fixtures.accountRegion()
        var errors = MappingErrors()
        let mapping = Mapping(reading: TreeReader(ItemEvent.mapping), errors: &errors)
        sources = [ItemEvent.source: ProcessingSettings.Source(mapping: try #require(mapping, "\(errors)"))]
        self.random = Mutex(random)
    }

    private func pick(_ range: ClosedRange<Int>) -> Int { random.withLock { Int.random(in: range, using: &$0) } }

    func run() async throws {
        harness.time.advance(by: .seconds(10))
        var pending = Array(0..<history.events.count + history.items.count)
        random.withLock { pending.shuffle(using: &$0) }
        breakRequests(oneIn: 4)
        while !pending.isEmpty {
            for number in pending.prefix(pick(1...4)) { _ = try await harness.store.append(try delivery(number)) }
            pending.removeFirst(min(pending.count, pick(1...4)))
            try await harness.process(of: accountRegion, sources: sources)
            harness.time.advance(by: .seconds(pick(0...2)))
        }
        breakRequests(oneIn: nil)
        // Events that were skipped above arrive now, and failed deliveries are retried.
        for number in 0..<history.events.count + history.items.count {
            _ = try await harness.store.append(try delivery(number))
        }
        for _ in 0..<3 {
            try await harness.process(of: accountRegion, sources: sources)
            harness.time.advance(by: .seconds(600))
        }
        try await harness.scheduler().scheduleEndedSuppressions()
        try await harness.process(of: accountRegion, sources: sources)
        let status = try await harness.store.queueStatus()
        try #require(status.pending + status.leased + status.dead == 0, "seed \(seed)")
        let differences = differences
        try #require(differences.isEmpty, "seed \(seed)")
    }

    /// Makes random requests fail, before or after AWS has executed them.
    ///
    /// - Parameter count: one in this many fails; nil for none.
    private func breakRequests(oneIn count: Int?) {
        let chance = Mutex(random.withLock { SeededGenerator(seed: $0.next()) })
        let isBroken: @Sendable () -> Bool = {
            chance.withLock { random in count.map { Int.random(in: 1...$0, using: &random) == 1 } ?? false }
        }
        harness.aws.state.withLock { state in
            // The list of suppressions would contradict these histories.
            state.fault = { path, _ in
                isBroken() || path.hasSuffix("/audit/suppressions/list")
                    ? .status(403, code: "AccessDeniedException") : nil
            }
            state.losesResponses = isBroken()
        }
    }

    /// The delivery of an event, or after those of an item.
    private func delivery(_ number: Int) throws -> Delivery {
        guard number < history.events.count else {
            let item = history.items[number - history.events.count]
            return Delivery(
                id: "webhook:\(number)", accountRegion: accountRegion, source: ItemEvent.source, channel: .webhook,
                receivedAt: now, payload: item.json.serialized())
        }
        return try delivery(of: history.events[number], number: number)
    }

    private func delivery(of event: SourceEvent, number: Int) throws -> Delivery {
        let id = "event-\(number)"
        switch event {
        case .alarm(let alarm):
            return made(id, try #require(generator.messages[alarm]), from: .sns)
        case .verification(let verdict):
            let violation = try #require(verdict.subject.split(separator: "/").last)
            return made(
                id,
                Messages.verification(
                    verdict.verification.state.rawValue, of: String(violation), id: id, time: verdict.time.iso8601),
                from: .eventBridge)
        case .audit(let audit):
            harness.aws.state.withLock { $0.audits[audit.id] = (Self.description(audit), Self.pages(audit)) }
            return made(id, Messages.audit(audit.id, startTime: audit.start), from: .sns)
        case .suppression(let disposition):
            return made(id, try suppressionEvent(disposition, id: id), from: .eventBridge)
        }
    }

    private func made(_ id: String, _ payload: JSON, from channel: Delivery.Channel) -> Delivery {
        Delivery(
            id: "\(channel.rawValue.lowercased()):\(id)", accountRegion: accountRegion, channel: channel,
            receivedAt: now, payload: payload.serialized())
    }

    private static func description(_ audit: AuditEvent) -> JSON {
        var checks: [String: String] = [:]
        for (check, found) in zip(EventGenerator.checks, audit.found) {
            checks[check] = found.map { $0.isEmpty ? "COMPLETED_COMPLIANT" : "COMPLETED_NON_COMPLIANT" } ?? "FAILED"
        }
        return Messages.description(startTime: audit.start, checks: checks)
    }

    /// Two findings a page.
    private static func pages(_ audit: AuditEvent) -> [[JSON]] {
        let findings = zip(EventGenerator.checks, audit.found).flatMap { check, found in
            (found ?? []).map { seen in
                Messages.auditFinding(
                    String(seen.finding.id.suffix(2)), at: audit.start,
                    check: check, isSuppressed: seen.condition == .suppressed)
            }
        }
        let pages = stride(from: 0, to: findings.count, by: 2).map { Array(findings[$0...].prefix(2)) }
        return pages.isEmpty ? [[]] : pages
    }

    private func suppressionEvent(_ disposition: SuppressionDisposition, id: String) throws -> JSON {
        let check = try #require(EventGenerator.checks.first { disposition.subject.contains("/\($0)-") })
        var parameters: JSON.Members = [
            "checkName": .string(check),
            "resourceIdentifier": ["clientId": .string(String(disposition.subject.suffix(2)))],
        ]
        if disposition.isSuppressed {
            parameters["suppressIndefinitely"] = .bool(disposition.expiresAt == nil)
            parameters["expirationDate"] = disposition.expiresAt.map { .string($0.iso8601) }
        }
        let call = disposition.isSuppressed ? "CreateAuditSuppression" : "DeleteAuditSuppression"
        return Messages.event(call, .object(parameters), id: id, time: disposition.time.iso8601)
    }

    private var differences: [String] {
        let expected = ExpectedState(events: history.events, now: harness.time.now)
        return harness.aws.state.withLock { state in
            var differences = state.overlaps > 0 ? ["overlapping changes"] : []
            func check(_ id: String, _ isActive: Bool) {
                if (state.hub[id]?["RecordState"] == "ACTIVE") != isActive { differences.append("state of \(id)") }
            }
            for alarms in generator.alarms {
                let id = alarms[0].finding.id
                check(id, expected.isActive(alarms))
                guard state.hub[id] != nil else { continue }
                let workflow = state.customerFields[id]?["Workflow"]?["Status"]?.string ?? "NEW"
                if !expected.workflows(of: alarms).contains(workflow) { differences.append("workflow of \(id)") }
            }
            for number in 0..<ItemEvent.findings {
                check(
                    FindingID.mapped(source: ItemEvent.source, parts: ["\(number)"], accountRegion: accountRegion),
                    ExpectedState.isActive(item: number, after: history.items))
            }
            for (number, resources) in generator.found.enumerated() {
                for moments in resources {
                    let seen = moments[0][0]
                    check(seen.finding.id, expected.isActive(check: number, subject: seen.subject))
                }
            }
            return differences
        }
    }
}

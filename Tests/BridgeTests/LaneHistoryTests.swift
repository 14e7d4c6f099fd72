import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Bridge

/// Random histories through the real lanes and a real store, while requests to AWS fail before or after they were
/// carried out.
@Suite struct LaneHistoryTests {
    @Test("Histories end as the model says, whatever requests fail", .timeLimit(.minutes(5)))
    func converge() async throws {
        let words = try EventGenerator()
        let first = UInt64.random(in: 0...UInt64.max / 2)
        print("The random histories through the lanes begin with seed \(first).")
        for seed in first..<first + 60 {
            try await ProcessingHarness.run { shop in try await Telling(words, seed: seed, shop).tell() }
        }
    }
}

/// One history, told to the lanes.
private final class Telling: Sendable {
    let words: EventGenerator
    let seed: UInt64
    let shop: ProcessingHarness
    let history: LifeHistory
    private let accountRegion: AccountRegion
    private let random: Mutex<SeededGenerator>

    init(_ words: EventGenerator, seed: UInt64, _ shop: ProcessingHarness) throws {
        var random = SeededGenerator(seed: seed)
        (self.words, self.seed, self.shop) = (words, seed, shop)
        history = try LifeHistory(words, using: &random)
        accountRegion = try BridgeTests.accountRegion()
        self.random = Mutex(random)
    }

    private func pick(_ range: ClosedRange<Int>) -> Int { random.withLock { Int.random(in: range, using: &$0) } }

    func tell() async throws {
        shop.time.advance(by: .seconds(10))
        var told = Array(history.sayings.enumerated())
        random.withLock { told.shuffle(using: &$0) }
        breakRequests(oneIn: 4)
        while !told.isEmpty {
            for (number, saying) in told.prefix(pick(1...4)) {
                _ = try await shop.store.append(try delivery(of: saying, number: number))
            }
            told.removeFirst(min(told.count, pick(1...4)))
            try await shop.work(of: accountRegion)
            shop.time.advance(by: .seconds(pick(0...2)))
        }
        breakRequests(oneIn: nil)
        // What was left out of a portion above is told in the end, and all that failed is tried again.
        for (number, saying) in history.sayings.enumerated() {
            _ = try await shop.store.append(try delivery(of: saying, number: number))
        }
        for _ in 0..<3 {
            try await shop.work(of: accountRegion)
            shop.time.advance(by: .seconds(600))
        }
        try await TaskScheduler(context: shop.context, loop: shop.loop).lookForSuppressions()
        try await shop.work(of: accountRegion)
        let status = try await shop.store.status()
        try #require(status.pending + status.leased + status.dead == 0, "seed \(seed)")
        let differences = differences
        try #require(differences.isEmpty, "seed \(seed)")
    }

    /// Has requests fail by chance, before they are carried out, or after.
    ///
    /// - Parameter count: one in so many; nil mends them.
    private func breakRequests(oneIn count: Int?) {
        let chance = Mutex(random.withLock { SeededGenerator(seed: $0.next()) })
        let isBroken: @Sendable () -> Bool = {
            chance.withLock { random in count.map { Int.random(in: 1...$0, using: &random) == 1 } ?? false }
        }
        shop.aws.state.withLock { state in
            // The list of suppressions is of the present, and knows nothing of these histories.
            state.fault = { path, _ in
                isBroken() || path.hasSuffix("/audit/suppressions/list")
                    ? .status(403, code: "AccessDeniedException") : nil
            }
            state.losesAnswers = isBroken()
        }
    }

    private func delivery(of saying: Saying, number: Int) throws -> Delivery {
        let id = "saying-\(number)"
        switch saying {
        case .alarm(let alarm):
            return made(id, try #require(words.messages[alarm]), from: .sns)
        case .verified(let judged):
            let violation = try #require(judged.subject.split(separator: "/").last)
            return made(
                id,
                Messages.verification(
                    judged.verification.state.rawValue, of: String(violation), id: id, time: judged.time.iso8601),
                from: .eventBridge)
        case .audit(let audit):
            shop.aws.state.withLock { $0.audits[audit.id] = (Self.description(audit), Self.pages(audit)) }
            return made(id, Messages.audit(audit.id, startTime: audit.start), from: .sns)
        case .suppressed(let said):
            return made(id, try event(said, id: id), from: .eventBridge)
        }
    }

    private func made(_ id: String, _ payload: JSON, from channel: Delivery.Channel) -> Delivery {
        Delivery(
            id: "\(channel.rawValue.lowercased()):\(id)", accountRegion: accountRegion, channel: channel,
            receivedAt: now, payload: payload.serialized())
    }

    private static func description(_ audit: SaidAudit) -> JSON {
        var checks: [String: String] = [:]
        for (check, found) in zip(EventGenerator.checks, audit.found) {
            checks[check] = found.map { $0.isEmpty ? "COMPLETED_COMPLIANT" : "COMPLETED_NON_COMPLIANT" } ?? "FAILED"
        }
        return Messages.description(startTime: audit.start, checks: checks)
    }

    /// Two findings a page.
    private static func pages(_ audit: SaidAudit) -> [[JSON]] {
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

    private func event(_ said: SuppressionDisposition, id: String) throws -> JSON {
        let check = try #require(EventGenerator.checks.first { said.subject.contains("/\($0)-") })
        var parameters: JSON.Members = [
            "checkName": .string(check), "resourceIdentifier": ["clientId": .string(String(said.subject.suffix(2)))],
        ]
        if said.isSuppressed {
            parameters["suppressIndefinitely"] = .bool(said.expiresAt == nil)
            parameters["expirationDate"] = said.expiresAt.map { .string($0.iso8601) }
        }
        let call = said.isSuppressed ? "CreateAuditSuppression" : "DeleteAuditSuppression"
        return Messages.event(call, .object(parameters), id: id, time: said.time.iso8601)
    }

    private var differences: [String] {
        let model = LifeModel(sayings: history.sayings, now: shop.time.now)
        return shop.aws.state.withLock { state in
            var differences = state.overlaps > 0 ? ["two changes at once"] : []
            func check(_ id: String, _ isActive: Bool) {
                if (state.hub[id]?["RecordState"] == "ACTIVE") != isActive { differences.append("state of \(id)") }
            }
            for alarms in words.alarms {
                let id = alarms[0].finding.id
                check(id, model.isActive(alarms))
                guard state.hub[id] != nil else { continue }
                let workflow = state.customerFields[id]?["Workflow"]?["Status"]?.string ?? "NEW"
                if !model.workflows(of: alarms).contains(workflow) { differences.append("workflow of \(id)") }
            }
            for (number, resources) in words.found.enumerated() {
                for moments in resources {
                    let seen = moments[0][0]
                    check(seen.finding.id, model.isActive(check: number, subject: seen.subject))
                }
            }
            return differences
        }
    }
}

import AWSClient
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
@testable import Processing
@testable import Telemetry

/// Suspensions while requests cannot be signed, sent or authorized, and failures that are permanent.
@Suite(.timeLimit(.minutes(15))) struct SuspensionTests {
    @Test(
        "A denial suspends the account and Region with its cause, and does not count as an attempt",
        arguments: [
            (401, "InvalidAccessException", CircuitBreaker.Cause.accessDenied), (403, "OptInRequired", .accessDenied),
            (404, "ResourceNotFoundException", .notEnabled), (404, "UnknownOperationException", .unreachable),
        ])
    func suspended(status: Int, code: String, cause: CircuitBreaker.Cause) async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { $0.fault = { _, _ in .status(status, code: code) } }
            for number in 0..<3 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            for _ in 0..<4 {
                try await harness.process(of: accountRegion())
                harness.time.advance(by: .seconds(70))
            }
            #expect(harness.processing.circuitBreakers.entries.map(\.denial.cause) == [cause])
            #expect(try await harness.leaseReady().map(\.leased.attempt) == [1, 1, 1])
            #expect(try await harness.store.queueStatus().dead == 0)
        }
    }

    @Test("After an unknown error code, findings are sent separately, and the failing one is retried")
    func unknownCode() async throws {
        try await ProcessingHarness.run { harness in
            let odd = FindingID.violation(id: "v7", accountRegion: try accountRegion())
            harness.aws.state.withLock {
                $0.fault = { _, body in
                    let ids = (body["Findings"]?.array ?? []).compactMap { $0["Id"]?.string }
                    return ids.contains(odd) ? .status(400, code: "SomethingNew") : nil
                }
            }
            for number in 0..<20 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            try await harness.process(of: accountRegion())
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 19 && status.pending == 1 && status.dead == 0)
            #expect(harness.processing.circuitBreakers.entries.isEmpty)
        }
    }

    @Test("An update that Security Hub rejects is split until the invalid finding is alone")
    func updates() async throws {
        try await ProcessingHarness.run { harness in
            let odd = FindingID.violation(id: "v3", accountRegion: try accountRegion())
            for number in 0..<10 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            try await harness.process(of: accountRegion())
            harness.aws.state.withLock {
                $0.fault = { path, body in
                    let ids = (body["FindingIdentifiers"]?.array ?? []).compactMap { $0["Id"]?.string }
                    return path == "/findings/batchupdate" && ids.contains(odd)
                        ? .status(400, code: "InvalidInputException") : nil
                }
            }
            for number in 0..<10 {
                let event = Messages.verification(
                    "FALSE_POSITIVE", of: "v\(number)", id: "e\(number)", time: "2026-11-22T10:00:01Z")
                _ = try await harness.store.append(
                    delivery("e\(number)", event, from: .eventBridge, of: accountRegion()))
            }
            try await harness.process(of: accountRegion())
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 19 && status.dead == 1)
            #expect(
                harness.aws.state.withLock { $0.updates.flatMap { $0["FindingIdentifiers"]?.array ?? [] }.count } == 9)
        }
    }

    /// Credentials that are missing until a test provides them.
    private final class MissingCredentials: CredentialsProvider {
        let isAvailable = Atomic(false)
        func credentials() async throws(CredentialsError) -> Credentials {
            guard isAvailable.load(ordering: .relaxed) else { throw CredentialsError("no keys yet") }
            return try await TestCredentials().credentials()
        }
    }

    @Test("A suspension for missing credentials ends with the first signed request to any service")
    func credentials() async throws {
        try await ProcessingHarness.run { harness in
            let provider = MissingCredentials()
            let client = AWSClient(
                http: harness.aws, credentials: provider, endpoints: try Endpoints(), retry: RetryPolicy(),
                pacer: Pacer(),
                random: { 0 },
                clock: AWSClock(
                    now: { [time = harness.time] in time.now }, elapsed: { .zero }, sleep: { _ in },
                    executor: harness.loop))
            let audits = try harness.processor(of: .audits, client: client)
            harness.aws.state.withLock {
                $0.audits["t1"] = (Messages.description(startTime: now, checks: [:]), [[]])
            }
            _ = try await harness.store.append(delivery("1", Messages.audit("t1"), of: accountRegion()))
            await audits.process(try await harness.leaseReady())
            let denial = try #require(
                harness.processing.circuitBreakers.denial(DeliveryLane(try accountRegion()), .all))
            #expect(denial.cause == .noCredentials && denial.reason.contains("no keys yet"))
            #expect(
                harness.recorder.count(.noCredentials)
                    == 1)
            provider.isAvailable.store(true, ordering: .relaxed)
            await audits.process(try await harness.leaseReady())
            #expect(harness.processing.circuitBreakers.entries.isEmpty)
            #expect(try await harness.store.queueStatus().completed == 1)
        }
    }

    // MARK: Permanent failures

    @Test(
        "A name with U+0000 is dead-lettered immediately, and the others are completed",
        arguments: ["thingName", "securityProfileName", "name"])
    func nullCharacter(member: String) async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<3 {
                var alarm = try #require(Messages.alarm("v\(number)").object)
                if number == 1 {
                    if member == "name" {
                        var behavior = try #require(alarm["behavior"]?.object)
                        behavior["name"] = "a\u{0}b"
                        alarm["behavior"] = .object(behavior)
                    } else {
                        alarm[member] = "a\u{0}b"
                    }
                }
                _ = try await harness.store.append(delivery("\(number)", .object(alarm), of: accountRegion()))
            }
            try await withPool(harness) {
                try await eventually("all to be completed") { try await harness.store.queueStatus().completed == 2 }
                try await eventually("a dead letter") { try await harness.store.queueStatus().dead == 1 }
            }
            let letter = try #require(try await harness.store.deadLetters(matching: .all, limit: 10, after: nil).first)
            #expect(letter.delivery.id == "sns:1" && letter.reason.contains("U+0000") && letter.attempts == 1)
        }
    }

    @Test("A finding that the store rejects is dead-lettered alone")
    func unstorable() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<9 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            let items = try await harness.leaseReady().map { item in
                guard item.leased.delivery.id == "sns:4", case .alarm(var observation) = item.command else {
                    return item
                }
                observation.group = String(repeating: "x", count: 3000)
                return (item.leased, .alarm(observation))
            }
            let processor = try harness.processor(of: .alarms)
            await processor.process(items)
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 8 && status.dead == 1)
            #expect(try await harness.store.ledgerCounts().active == 8)
        }
    }

    @Test("Findings in Security Hub that the store rejects are skipped at a rebuild, counted, and logged once")
    func rebuild() async throws {
        try await ProcessingHarness.run { harness in
            func put(_ name: String, _ change: (inout JSON.Members) -> Void) throws {
                var finding = try #require(
                    try Messages.sampleFinding("audits/finding/\(Messages.clientIDs)-\(name)", generator: "g")
                        .object)
                change(&finding)
                harness.aws.state.withLock { $0.hub[finding["Id"]?.string ?? ""] = .object(finding) }
            }
            func adding(_ more: JSON.Members) -> (inout JSON.Members) -> Void {
                { finding in
                    let fields = finding["ProductFields"]?.object ?? [:]
                    finding["ProductFields"] = .object(fields.merging(more) { $1 })
                }
            }
            let long = JSON.string(String(repeating: "C", count: 2049))
            try put("a") { _ in }
            try put("b", adding(["CheckName": long]))
            let version = JSON.string(SecurityFinding.providerVersion)
            try put("c", adding(["TaskId": long, "TaskStartTime": "1", "ProviderVersion": version]))
            try put("d") { _ in }
            _ = try await harness.store.append(delivery("1", Messages.alarm("v1"), of: accountRegion()))
            try await withPool(harness) { await harness.recorder.wait(for: .deliveryCompleted, count: 1) }
            #expect(try await harness.store.ledgerAccountRegions() == [accountRegion()])
            #expect(
                harness.recorder.count(.ledgerRebuiltIncompletely)
                    == 1)
            try await harness.store.clearLedger(of: accountRegion())
            let count = try await LedgerRebuilder(
                accountRegion: try accountRegion(), store: harness.store, client: harness.client, clock: { now }
            ).rebuild()
            #expect(count.restored == 3 && count.unread == 2, "\(count)")
            #expect(count.firstUnread?.hasSuffix("\(Messages.clientIDs)-b") == true)
        }
    }
}

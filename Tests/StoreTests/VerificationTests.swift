import GRDB
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct VerificationTests {
    /// A valid delivery in each state.
    private static let validRows: [DeliveryRow] = {
        let pending = DeliveryRow(
            id: "sns:1", lane: "111122223333/us-east-1", channel: "sns", state: "pending", readyAt: 1,
            attempts: 0,
            leaseNumber: 0, payloadLength: 3)
        var waiting = pending
        (waiting.attempts, waiting.leaseNumber, waiting.checkpoint) = (1, 2, "page 2")
        (waiting.firstFailedAt, waiting.lastFailedAt, waiting.reason) = (4, 5, "throttled")
        var leased = waiting
        (leased.state, leased.leaseOwner) = ("leased", "worker")
        var dead = waiting
        (dead.state, dead.readyAt) = ("dead", nil)
        var completed = waiting
        (completed.state, completed.readyAt, completed.checkpoint) = ("completed", nil, nil)
        (completed.completedAt, completed.payloadLength) = (9, nil)
        return [pending, waiting, leased, dead, completed]
    }()

    @Test(arguments: validRows) func aSoundDeliveryHasNoProblems(record: DeliveryRow) {
        #expect(record.problems == [])
    }

    private struct Damage: Sendable {
        let state: String
        let problem: String
        let apply: @Sendable (inout DeliveryRow) -> Void

        init(_ state: String, _ problem: String, _ apply: @escaping @Sendable (inout DeliveryRow) -> Void) {
            (self.state, self.problem, self.apply) = (state, problem, apply)
        }
    }

    private static let damages: [Damage] = [
        Damage("pending", "has an id that is not 1 to 256 visible ASCII characters") { $0.id = "sns:\n" },
        Damage("pending", "has an invalid account-Region") { $0.lane = "111122223333" },
        Damage("pending", "has an unknown channel") { $0.channel = "mail" },
        Damage("pending", "has an unknown state") { ($0.state, $0.readyAt) = ("lost", nil) },
        Damage("pending", "is pending but has no ready time") { $0.readyAt = nil },
        Damage("completed", "is completed but has a ready time") { $0.readyAt = 1 },
        Damage("dead", "is dead but has a ready time") { $0.readyAt = 1 },
        Damage("pending", "is pending but has a lease owner") { $0.leaseOwner = "worker" },
        Damage("leased", "is leased but has no lease owner") { $0.leaseOwner = nil },
        Damage("leased", "is leased but has no attempt") { $0.attempts = 0 },
        Damage("pending", "has more attempts than leases") { $0.attempts = 1 },
        Damage("pending", "has more attempts than leases") { $0.attempts = -1 },
        Damage("completed", "is completed but has no completion time") { $0.completedAt = nil },
        Damage("pending", "is pending but has a completion time") { $0.completedAt = 1 },
        Damage("pending", "has no payload") { $0.payloadLength = nil },
        Damage("dead", "has no payload") { $0.payloadLength = nil },
        Damage("completed", "is completed but has a payload") { $0.payloadLength = 0 },
        Damage("completed", "is completed but has a checkpoint") { $0.checkpoint = "page" },
        Damage("pending", "has a checkpoint that is empty or too long") { $0.checkpoint = "" },
        Damage("pending", "has incomplete failure data") { $0.reason = "why" },
        Damage("dead", "has incomplete failure data") { $0.firstFailedAt = nil },
        Damage("dead", "is dead but has no reason or failure times") {
            ($0.firstFailedAt, $0.lastFailedAt, $0.reason) = (nil, nil, nil)
        },
    ]

    @Test(arguments: damages.indices) func eachRuleOfADeliveryIsChecked(index: Int) throws {
        let damage = Self.damages[index]
        var record = try #require(Self.validRows.first { $0.state == damage.state })
        damage.apply(&record)
        #expect(record.problems.contains(damage.problem), "\(record.problems)")
    }

    /// A sound store with a row in each table and a delivery in each state.
    private func fill(_ store: SQLiteStore) async throws {
        for number in 1...3 { _ = try await store.append(delivery(number)) }
        let taken = try await store.leaseBatch(3, now: 0)
        try await store.record(
            LedgerUpdate(
                dispositions: [disposition("SUBJECT")],
                appliedAudits: [
                    AppliedAudit(accountRegion: accountRegions[0], check: "CHECK", startTime: 1, taskID: "task")
                ],
                checkpoint: "2"),
            under: taken[0].lease)
        try await store.complete(taken[0].lease, recording: [entry("finding")], now: 1)
        try await store.deadLetter(taken[1].lease, reason: "no", now: 1)
        _ = try await store.append(delivery(4))
        try await store.retry(store.leaseBatch(1, now: 0)[0].lease, at: 5, reason: "later", now: 1)
        _ = try await store.append(delivery(5))
        try await store.pause(Pause(.all, pausedBy: "ada", pausedAt: 1, reason: nil))
        try await store.finishLedger(of: accountRegions[0], appliedAudits: [], now: 1)
    }

    @Test(arguments: StoreKind.all) func verificationReportsItsProgress(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            try await store.record(LedgerUpdate(entries: (0..<2500).map { entry("finding-\($0)") }), under: lease)
            let steps = Mutex<[IntegrityProgress]>([])
            #expect(try await store.verify { step in steps.withLock { $0.append(step) } } == [])
            let findings = steps.withLock(\.self).filter { $0.table == "finding" }
            #expect(findings.map(\.row) == [1000, 2000, 2500] && findings.allSatisfy { $0.lastRow == 2500 })
            #expect(steps.withLock(\.self).first == IntegrityProgress(table: "delivery", row: 1, lastRow: 1))
        }
    }

    @Test func aSoundStoreHasNoProblems() async throws {
        try await withStore { store async throws in
            #expect(try await store.verify() == [])
            try await fill(store)
            #expect(try await store.verify() == [])
        }
    }

    @Test(arguments: [
        ("DELETE FROM payload WHERE sequence = 5", #"Delivery "sns:5" has no payload."#),
        (
            "UPDATE delivery SET lease_owner = NULL WHERE id = 'sns:3'",
            #"Delivery "sns:3" is leased but has no lease owner."#
        ),
        (
            "UPDATE delivery SET origin = 'nowhere' WHERE id = 'sns:2'",
            #"Delivery "sns:2" has an invalid account-Region."#
        ),
        ("UPDATE delivery SET id = 'a' || char(27) || 'b' WHERE id = 'sns:2'", "Delivery \"a�b\" has an id"),
        ("UPDATE account_region SET name = 'x'", #"Finding "finding" is unreadable or contains an invalid value."#),
        ("UPDATE finding SET kind = 'x'", #"Finding "finding" is unreadable or contains an invalid value."#),
        ("UPDATE finding SET subject_hash = x'00'", #"Finding "finding" has a wrong key."#),
        ("UPDATE finding_content SET content = x''", #"Finding "1" is unreadable or contains an invalid value."#),
        ("UPDATE finding_count SET count = 2", #"The finding counters of "111122223333/us-east-1" are wrong."#),
        ("UPDATE judgement SET origin = 'x'", #"Disposition of "SUBJECT" is unreadable or contains an invalid value."#),
        (
            "UPDATE audit_mark SET origin = 'x'",
            #"Applied audit of "CHECK" is unreadable or contains an invalid value."#
        ),
        (
            "UPDATE ledger_origin SET origin = 'x'",
            #"Ledger completion of "x" is unreadable or contains an invalid value."#
        ),
        ("INSERT INTO catch_up VALUES ('x', 1)", #"Watermark of "x" is unreadable or contains an invalid value."#),
        (
            "INSERT INTO subscription VALUES ('x', 'pending', 'm', 1, 1)",
            #"Subscription to "x" is unreadable or contains an invalid value."#
        ),
        ("UPDATE pause SET account = '12'", #"Pause of "12" is unreadable or contains an invalid value."#),
        ("DROP INDEX delivery_completed", "The file lacks the index delivery_completed."),
        (
            "DROP INDEX delivery_completed; CREATE INDEX delivery_completed ON delivery (completed_at)",
            "The index delivery_completed differs from its expected definition."
        ),
        ("CREATE TABLE more (x)", #"The file contains an unexpected object: "table more"."#),
        ("PRAGMA foreign_keys = 0; INSERT INTO payload VALUES (99, x'')", "1 payloads have no delivery."),
        (
            "PRAGMA ignore_check_constraints = 1; UPDATE delivery SET state = 'lost' WHERE id = 'sns:2'",
            #"Delivery "sns:2" has an unknown state."#
        ),
    ])
    func damageIsReported(damage: String, problem: String) async throws {
        try await withStore { store async throws in
            try await fill(store)
            try await store.run(damage)
            let problems = try await store.verify()
            #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
            #expect(problems.count <= 2, "\(problems)")
        }
    }

    @Test func problemsAreBounded() async throws {
        try await withStore { store async throws in
            for number in 0..<1200 { _ = try await store.append(delivery(number)) }
            try await store.run("DELETE FROM payload WHERE sequence > 1050")
            #expect(try await store.verify().count == 101)
            try await store.run("DELETE FROM delivery WHERE sequence > 1053")
            #expect(try await store.verify().count == 3)
        }
    }
}

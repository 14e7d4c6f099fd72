import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Planning

/// Tests which audits and alarms catch-up imports.
@Suite struct MissedEventsTests {
    private func task(_ id: String, at time: Timestamp, _ checks: [String: String]) throws -> AuditTask {
        try AuditTask(id: id, description: Messages.description(startTime: time, checks: checks))
    }

    private func applied(_ check: String, at time: Timestamp, _ task: String) throws -> AppliedAudit {
        AppliedAudit(accountRegion: try accountRegion(), check: check, startTime: time, taskID: task)
    }

    private static let (done, failed) = ("COMPLETED_NON_COMPLIANT", "FAILED")

    @Test("For each check, the newest audit that completed it is selected, oldest first")
    func newestAudits() throws {
        let (a, b) = ("CA_CERTIFICATE_EXPIRING_CHECK", Messages.clientIDs)
        let tasks = [
            try task("t3", at: now + 3, [a: Self.done, b: Self.failed]), try task("t1", at: now + 1, [b: Self.done]),
            try task("t2", at: now + 2, [b: "COMPLETED_COMPLIANT"]),
            try task("t0", at: now, [a: Self.done, b: Self.done]),
        ]
        #expect(AuditSelection.select(tasks, applied: [:]).map(\.id) == ["t2", "t3"])
        #expect(AuditSelection.select(tasks.reversed(), applied: [:]).map(\.id) == ["t2", "t3"])
    }

    @Test("An audit that is applied, or older than the applied one, is not selected")
    func appliedAudits() throws {
        let (a, b) = ("CA_CERTIFICATE_EXPIRING_CHECK", Messages.clientIDs)
        let tasks = [try task("t1", at: now, [a: Self.done, b: Self.done])]
        let both = [a: try applied(a, at: now, "t1"), b: try applied(b, at: now, "t1")]
        #expect(AuditSelection.select(tasks, applied: both).isEmpty)
        #expect(AuditSelection.select(tasks, applied: [a: try applied(a, at: now, "t1")]).map(\.id) == ["t1"])
        let newer = [a: try applied(a, at: now + 1, "t0"), b: try applied(b, at: now, "t2")]
        #expect(AuditSelection.select(tasks, applied: newer).isEmpty)
        #expect(
            AuditSelection.select(tasks, applied: newer.merging([b: try applied(b, at: now, "t0")]) { $1 }).map(\.id)
                == [
                    "t1"
                ])
    }

    private func listed(_ json: JSON) throws -> AlarmReconciliation.Listed {
        try AlarmReconciliation.Listed(violationEvent: json, accountRegion: accountRegion())
    }

    private func entry(at time: Timestamp, _ condition: LedgerEntry.Condition = .present) throws -> LedgerEntry {
        let seen = try observation(at: time, event: condition == .over ? "alarm-cleared" : "in-alarm")
        return try #require(
            Planner.plan([seen], known: nil, disposition: nil, now: now)
        ).entry.sent
    }

    @Test("An event newer than the ledger entry is missed, unless the profile suppresses its alerts")
    func missedAlarms() throws {
        let event = try listed(Messages.violationEvent(at: now))
        #expect(AlarmReconciliation.isMissed(event, known: nil))
        #expect(AlarmReconciliation.isMissed(event, known: try entry(at: now - 1)))
        #expect(!AlarmReconciliation.isMissed(event, known: try entry(at: now)))
        #expect(!AlarmReconciliation.isMissed(event, known: try entry(at: now + 1, .over)))
        #expect(!AlarmReconciliation.isMissed(try listed(Messages.violationEvent(isSuppressed: true)), known: nil))
    }

    private func disposition(_ state: VerificationState, at time: Timestamp) throws -> Disposition {
        VerificationDisposition(
            subject: FindingID.violation(id: "v1", accountRegion: try accountRegion()),
            accountRegion: try accountRegion(),
            time: time, verification: Verification(state: state, note: nil), isApplied: true
        ).disposition
    }

    @Test("A verification is missed if it differs from the known one, and the known one is not newer")
    func missedVerifications() throws {
        let asOf = now
        func missed(_ state: String?, _ known: Disposition?) throws -> Bool {
            AlarmReconciliation.missedVerification(
                try listed(Messages.violationEvent(state: state)), known: known, asOf: asOf)
                != nil
        }
        #expect(try missed("FALSE_POSITIVE", nil))
        #expect(try missed("UNKNOWN", disposition(.falsePositive, at: now - 1)))
        #expect(try missed("TRUE_POSITIVE", disposition(.falsePositive, at: now - 1)))
        #expect(try !missed("UNKNOWN", nil))
        #expect(try !missed(nil, disposition(.falsePositive, at: now - 1)))
        #expect(try !missed("FALSE_POSITIVE", disposition(.falsePositive, at: now - 1)))
        #expect(try !missed("TRUE_POSITIVE", disposition(.falsePositive, at: now)))
        let suppressed = try listed(Messages.violationEvent(state: "FALSE_POSITIVE", isSuppressed: true))
        #expect(AlarmReconciliation.missedVerification(suppressed, known: nil, asOf: asOf) == nil)
    }

    @Test("An unlisted alarm has ended if it is old enough to be listed")
    func unlistedAlarms() throws {
        let listedAt = now
        let old = try entry(at: now - AlarmReconciliation.unlistedTimeout - 1)
        #expect(AlarmReconciliation.isOver(old, isListed: false, listedAt: listedAt))
        #expect(!AlarmReconciliation.isOver(old, isListed: true, listedAt: listedAt))
        #expect(
            !AlarmReconciliation.isOver(
                try entry(at: now - AlarmReconciliation.unlistedTimeout), isListed: false, listedAt: listedAt))
        let over = try entry(at: now - AlarmReconciliation.unlistedTimeout - 1, .over)
        #expect(!AlarmReconciliation.isOver(over, isListed: false, listedAt: listedAt))
    }
}

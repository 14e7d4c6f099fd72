import DeviceDefender
import Encoding
import Fixtures
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Planning

/// Plans at the time of the last observation, or later.
private func plan(
    _ observations: Observation..., known: LedgerEntry? = nil, disposition: Disposition? = nil, later: Int64 = 0
) -> Change? {
    let last = observations.map(\.time).max() ?? now
    return Planner.plan(observations, known: known, disposition: disposition, now: last + later)
}

private func entry(_ observations: Observation..., disposition: Disposition? = nil) throws -> LedgerEntry {
    let time = observations.map(\.time).max() ?? now
    return try #require(Planner.plan(observations, known: nil, disposition: disposition, now: time)).entry.sent
}

@Suite struct PlannerTests {
    @Test("A new finding is imported as observed")
    func new() throws {
        let seen = try observation()
        let change = try #require(plan(seen, later: 70))
        var expected = seen.finding
        expected.updatedAt = now + 70
        #expect(change.finding == expected)
        #expect(change.entry.finding == expected.serialized())
        #expect(change.entry.recordState == .active && change.entry.kind == .violation)
        #expect(change.entry.condition == .present && change.entry.subject == seen.finding.id)
        #expect(change.entry.group == "Fleet/MessagesSent-High")
        #expect([change.entry.createdAt, change.entry.eventTime, change.entry.updatedAt] == [now, now, now + 70])
    }

    @Test("UpdatedAt is not before CreatedAt, even if the clock is")
    func fastClock() throws {
        let finding = try #require(plan(observation(), later: -5)?.finding)
        #expect(finding.updatedAt == finding.createdAt)
    }

    @Test("An unchanged finding is not imported, but its observation is recorded")
    func unchanged() throws {
        let known = try entry(auditObservation())
        let change = try #require(plan(auditObservation(at: now + 5), known: known))
        #expect(change.finding == nil)
        #expect(change.entry.eventTime == now + 5 && change.entry.lastObservedAt == now + 5)
        #expect(change.entry.updatedAt == now && change.entry.createdAt == now)
        #expect(try plan(auditObservation(at: now + 5, reason: "Thrice"), known: known)?.finding != nil)
    }

    @Test("A repeated observation changes nothing")
    func repeated() throws {
        #expect(try plan(auditObservation(), known: entry(auditObservation()), later: 9) == nil)
        #expect(try plan(observation(), known: entry(observation()), later: 9) == nil)
    }

    @Test("Another audit with the same result is no change, and its names are used by the next import")
    func otherAudit() throws {
        let known = try entry(auditObservation())
        let onDemand = try auditObservation(at: now + 5, audit: nil)
        let change = try #require(plan(onDemand, known: known))
        #expect(change.finding == nil)
        let refreshed = try #require(Planner.refresh(change.entry, now: now + 9))
        #expect(refreshed.finding?.generatorID == onDemand.finding.generatorID)
        #expect(refreshed.finding?.productFields["TaskId"] == "task\((now + 5).milliseconds)")
    }

    @Test("A refreshed finding has the same content, a new UpdatedAt and its last LastObservedAt")
    func refreshed() throws {
        let first = try entry(auditObservation())
        let known = try #require(plan(auditObservation(at: now + 5), known: first)).entry
        let change = try #require(Planner.refresh(known, now: now + 9))
        let finding = try #require(change.finding)
        #expect(finding.updatedAt == now + 9 && finding.createdAt == now)
        #expect(finding.lastObservedAt == now + 5)
        #expect(change.entry.eventTime == now + 5 && change.entry.updatedAt == now + 9)
        #expect(Planner.refreshAge < .seconds(90 * 86_400))
    }

    @Test("Of two observations of a finding by one audit, the later wins")
    func suppressedMeanwhile() throws {
        let known = try entry(auditObservation(isSuppressed: true))
        #expect(known.recordState == .archived && known.condition == .suppressed)
        let finding = try #require(plan(auditObservation(), known: known)?.finding)
        #expect(finding.recordState == .active && finding.updatedAt == now + 1)
        #expect(finding.productFields["IsSuppressed"] == "false")
    }

    @Test("A changed finding keeps CreatedAt and gets a later UpdatedAt")
    func changed() throws {
        let finding = try #require(plan(observation(at: now + 5, count: 60), known: entry(observation()))?.finding)
        #expect(finding.createdAt == now && finding.firstObservedAt == now)
        #expect(finding.updatedAt == now + 5 && finding.lastObservedAt == now + 5)
    }

    @Test("An older observation changes nothing")
    func older() throws {
        #expect(try plan(observation(at: now - 1), known: entry(observation(event: "alarm-cleared"))) == nil)
    }

    @Test("Of two events at one time, the end of the alarm wins, in any order")
    func ties() throws {
        let (raised, cleared) = (try observation(), try observation(event: "alarm-cleared"))
        #expect(try plan(cleared, known: entry(raised))?.entry.recordState == .archived)
        #expect(try plan(raised, known: entry(cleared)) == nil)
    }

    @Test("Of two contents at one time, the same one wins in any order, with and without a disposition")
    func contentTies() throws {
        let (one, other) = (try observation(count: 11), try observation(count: 12))
        let disposition = try verification(.falsePositive)
        for disposition in [nil, disposition] {
            let first = plan(one, other, disposition: disposition)?.finding
            let second = plan(other, one, disposition: disposition)?.finding
            #expect(first?.description == second?.description)
            #expect(first?.productFields == second?.productFields)
        }
    }

    @Test("An alarm that is raised again is active again, with a later UpdatedAt")
    func backAgain() throws {
        let over = try entry(observation(event: "alarm-cleared"))
        let finding = try #require(plan(observation(at: now + 1), known: over)?.finding)
        #expect(finding.recordState == .active)
        #expect(finding.updatedAt > over.updatedAt && finding.createdAt == over.createdAt)
    }

    @Test("UpdatedAt is later than the last one, even if the clock is not")
    func updatedAt() throws {
        let known = try entry(observation())
        let finding = try #require(plan(observation(event: "alarm-cleared"), known: known, later: -500)?.finding)
        #expect(finding.updatedAt == now + 1)
    }

    @Test("A finding that is gone is archived once, and not if it was observed later")
    func end() throws {
        let known = try entry(auditObservation())
        func end(_ known: LedgerEntry, _ time: Int) -> Change? {
            Planner.end(known, at: now + time, now: now + 70)
        }
        #expect(end(known, -1) == nil)
        let change = try #require(end(known, 9))
        #expect(change.finding?.recordState == .archived && change.finding?.id == known.id)
        #expect(change.entry.recordState == .archived && change.entry.condition == .over)
        #expect(change.entry.eventTime == now + 9 && change.entry.updatedAt == now + 70)
        #expect(change.entry.createdAt == now && change.entry.lastObservedAt == now)
        #expect(end(change.entry, 10) == nil)
    }

    @Test("A suppressed finding that is gone needs no import, and stays archived after the suppression")
    func endSuppressed() throws {
        let known = try entry(auditObservation(isSuppressed: true))
        let change = try #require(
            Planner.end(known, at: now + 9, now: now + 9))
        #expect(change.finding == nil && change.entry.condition == .over)
        let deleted = try suppression(isSuppressed: false, at: now + 10)
        #expect(plan(known: change.entry, disposition: deleted, later: 20) == nil)
    }

    @Test("Of several changes of one finding, only the last is sent")
    func several() throws {
        let change = try #require(
            plan(
                observation(), observation(at: now + 1, event: "alarm-cleared"), observation(at: now + 2, count: 60),
                observation(at: now + 3, count: 60)))
        #expect(change.finding?.recordState == .active && change.entry.eventTime == now + 3)
        #expect(change.finding?.createdAt == now)
    }

    @Test("A finding whose change is rejected is unchanged, and counts as observed")
    func rejected() throws {
        let known = try entry(auditObservation())
        let change = try #require(plan(auditObservation(at: now + 5, isSuppressed: true), known: known))
        let after = Planner.rejected(change, known: known)
        #expect(after.eventTime == now + 5 && after.condition == .suppressed && after.isSent)
        #expect(after.recordState == .active && after.finding == known.finding)
    }

    @Test("A finding that may not have been sent is sent again with a later UpdatedAt")
    func unsent() throws {
        let unsent = try #require(plan(observation())).entry
        #expect(!unsent.isSent)
        for change in [
            plan(known: unsent), try plan(observation(), known: unsent),
            try plan(observation(at: now + 1), known: unsent),
            try plan(observation(at: now - 1), known: unsent),
        ] {
            #expect(try #require(change?.finding).updatedAt > unsent.updatedAt)
            #expect(change?.entry.createdAt == now)
        }
        #expect(plan(known: unsent.sent) == nil)
    }

    @Test("An invalid ledger entry is replaced by the next observation, and cannot be archived")
    func unreadable() throws {
        let known = try entry(observation())
        let broken = LedgerEntry(
            id: known.id, accountRegion: known.accountRegion, kind: known.kind, group: known.group,
            subject: known.subject,
            createdAt: known.createdAt, updatedAt: known.updatedAt, eventTime: known.eventTime,
            firstObservedAt: known.firstObservedAt, lastObservedAt: known.lastObservedAt, condition: known.condition,
            recordState: known.recordState, severity: nil, finding: [0], isSent: true)
        #expect(try plan(observation(at: now + 1), known: broken)?.finding != nil)
        let time = now + 1
        #expect(Planner.end(broken, at: time, now: time) == nil)
        #expect(Planner.refresh(broken, now: time) == nil)
    }
}

@Suite struct DispositionRuleTests {
    @Test("A suppression after the audit archives the finding, and its deletion reactivates it")
    func suppressed() throws {
        let known = try entry(auditObservation())
        let change = try #require(plan(known: known, disposition: suppression(at: now + 1), later: 5))
        #expect(change.finding?.recordState == .archived && change.finding?.productFields["IsSuppressed"] == "true")
        #expect(change.entry.condition == .present && change.entry.eventTime == now)
        let deleted = try suppression(isSuppressed: false, at: now + 2)
        let back = try #require(plan(known: change.entry.sent, disposition: deleted, later: 9))
        #expect(back.finding?.recordState == .active && back.finding?.productFields["IsSuppressed"] == "false")
    }

    @Test("A suppression applies to a finding that is imported later from an earlier audit")
    func suppressedBefore() throws {
        let change = try #require(plan(auditObservation(), disposition: suppression(at: now + 1)))
        #expect(change.finding?.recordState == .archived && change.entry.condition == .present)
    }

    @Test("A newer audit wins over an older suppression or deletion")
    func newerAudit() throws {
        #expect(try plan(auditObservation(), disposition: suppression(at: now - 1))?.finding?.recordState == .active)
        let deleted = try suppression(isSuppressed: false, at: now - 1)
        let suppressed = try auditObservation(isSuppressed: true)
        #expect(plan(suppressed, disposition: deleted)?.finding?.recordState == .archived)
    }

    @Test("A suppression that expires after the audit reactivates the finding, one that expired before does not")
    func expired() throws {
        let suppressed = try auditObservation(isSuppressed: true)
        let ending = try suppression(at: now - 9, until: now + 5)
        #expect(plan(suppressed, disposition: ending, later: 4)?.finding?.recordState == .archived)
        #expect(plan(suppressed, disposition: ending, later: 5)?.finding?.recordState == .active)
        let ended = try suppression(at: now - 9, until: now)
        #expect(plan(suppressed, disposition: ended, later: 5)?.finding?.recordState == .archived)
        let current = try suppression(at: now + 1, until: now + 5)
        #expect(try plan(auditObservation(), disposition: current, later: 4)?.finding?.recordState == .archived)
        #expect(try plan(auditObservation(), disposition: current, later: 5)?.finding?.recordState == .active)
    }

    @Test("The later suppression wins; within one second, the one that shows more findings")
    func suppressionOrder() throws {
        func disposition(_ isSuppressed: Bool, _ time: Timestamp, _ end: Timestamp? = nil) throws
            -> SuppressionDisposition
        {
            try #require(SuppressionDisposition(suppression(isSuppressed: isSuppressed, at: time, until: end)))
        }
        #expect(try disposition(true, 1).isNewer(than: nil))
        #expect(
            try disposition(true, 2).isNewer(than: disposition(false, 1))
                && !disposition(false, 1).isNewer(than: disposition(true, 2)))
        #expect(
            try disposition(false, 1).isNewer(than: disposition(true, 1))
                && !disposition(true, 1).isNewer(than: disposition(false, 1)))
        #expect(
            try disposition(true, 1, 5).isNewer(than: disposition(true, 1))
                && !disposition(true, 1).isNewer(than: disposition(true, 1, 5)))
        #expect(try !disposition(true, 1, 5).isNewer(than: disposition(true, 1, 5)))
    }

    @Test("A stored suppression is due at its expiry until it is settled")
    func suppressionStored() throws {
        var stored = try #require(SuppressionDisposition(suppression(at: now, until: now + 5)))
        #expect(stored.disposition.dueAt == now + 5 && SuppressionDisposition(stored.disposition) == stored)
        stored.isSettled = true
        #expect(stored.disposition.dueAt == nil && SuppressionDisposition(stored.disposition) == stored)
        #expect(try suppression(at: now).keepUntil == nil)
        #expect(try suppression(isSuppressed: false, at: now).keepUntil != nil)
        #expect(VerificationDisposition(stored.disposition) == nil)
    }

    @Test(
        "False and benign positives are archived, others are not",
        arguments: [
            (.falsePositive, .archived), (.benignPositive, .archived), (.truePositive, .active), (.unknown, .active),
        ] as [(VerificationState, SecurityFinding.RecordState)])
    func verified(state: VerificationState, recordState: SecurityFinding.RecordState) throws {
        #expect(try plan(observation(), disposition: verification(state))?.finding?.recordState == recordState)
    }

    @Test("A verified finding is active again when it is raised later, and when the verification is reverted")
    func verifiedBack() throws {
        let known = try entry(observation(), disposition: verification(.falsePositive))
        #expect(known.recordState == .archived && known.condition == .present)
        let raised = plan(try observation(at: now + 5), known: known, disposition: try verification(.falsePositive))
        #expect(raised?.finding?.recordState == .active)
        let back = plan(known: known, disposition: try verification(.unknown, at: now + 2))
        #expect(back?.finding?.recordState == .active)
        let cleared = try entry(observation(event: "alarm-cleared"), disposition: verification(.falsePositive))
        #expect(plan(known: cleared, disposition: try verification(.unknown, at: now + 2)) == nil)
    }

    @Test("The later verification wins; with equal times, the same one in any order")
    func verificationOrder() throws {
        let one = try #require(VerificationDisposition(verification(.falsePositive)))
        let other = try #require(VerificationDisposition(verification(.truePositive)))
        #expect(one.isNewer(than: nil) && !one.isNewer(than: one))
        #expect(one.isNewer(than: other) != other.isNewer(than: one))
        let later = try #require(VerificationDisposition(verification(.truePositive, at: now + 9)))
        #expect(later.isNewer(than: one) && !one.isNewer(than: later))
        #expect(VerificationDisposition(later.disposition) == later)
        #expect(SuppressionDisposition(later.disposition) == nil)
    }
}

/// A verification of the alarm of ``observation(_:at:event:count:)``.
private func verification(_ state: VerificationState, at time: Timestamp = now + 1) throws -> Disposition {
    VerificationDisposition(
        subject: try observation().finding.id, accountRegion: try accountRegion(), time: time,
        verification: Verification(state: state, note: "lab device"), isApplied: false
    ).disposition
}

/// A suppression of the finding of ``auditObservation(_:at:isSuppressed:reason:audit:)``.
private func suppression(isSuppressed: Bool = true, at time: Timestamp, until end: Timestamp? = nil) throws
    -> Disposition
{
    SuppressionDisposition(
        subject: try auditObservation().subject, accountRegion: try accountRegion(),
        time: time,
        isSuppressed: isSuppressed, expiresAt: end
    ).disposition
}

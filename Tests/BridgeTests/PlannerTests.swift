import DeviceDefender
import JSON
import SecurityFindings
import Store
import Testing

@testable import Bridge

/// What is planned at the time of the last thing said, or later.
private func plan(
    _ observations: Observation..., known: LedgerEntry? = nil, disposition: Disposition? = nil, later: Int64 = 0
) -> Change? {
    let last = observations.map(\.time.milliseconds).max() ?? now
    return Planner.plan(
        observations, known: known, disposition: disposition, now: Timestamp(milliseconds: last + later))
}

private func entry(_ observations: Observation..., disposition: Disposition? = nil) throws -> LedgerEntry {
    let time = observations.map(\.time).max() ?? Timestamp(milliseconds: now)
    return try #require(Planner.plan(observations, known: nil, disposition: disposition, now: time)).entry.sent
}

@Suite struct PlannerTests {
    @Test("What is new is imported as it was said")
    func new() throws {
        let seen = try observation()
        let change = try #require(plan(seen, later: 70))
        var expected = seen.finding
        expected.updatedAt = Timestamp(milliseconds: now + 70)
        #expect(change.finding == expected)
        #expect(change.entry.finding == expected.json.serialized())
        #expect(change.entry.recordState == .active && change.entry.kind == .violation)
        #expect(change.entry.condition == .present && change.entry.subject == seen.finding.id)
        #expect(change.entry.group == "Fleet/MessagesSent-High")
        #expect([change.entry.createdAt, change.entry.eventTime, change.entry.updatedAt] == [now, now, now + 70])
    }

    @Test("A finding is not updated before it is made, whatever the clocks say")
    func fastClock() throws {
        let finding = try #require(plan(observation(), later: -5)?.finding)
        #expect(finding.updatedAt == finding.createdAt)
    }

    @Test("What is unchanged is not imported, but remembered as seen")
    func unchanged() throws {
        let known = try entry(auditObservation())
        let change = try #require(plan(auditObservation(at: now + 5), known: known))
        #expect(change.finding == nil)
        #expect(change.entry.eventTime == now + 5 && change.entry.lastObservedAt == now + 5)
        #expect(change.entry.updatedAt == now && change.entry.createdAt == now)
        #expect(try plan(auditObservation(at: now + 5, reason: "Thrice"), known: known)?.finding != nil)
    }

    @Test("What is said again changes nothing at all")
    func repeated() throws {
        #expect(try plan(auditObservation(), known: entry(auditObservation()), later: 9) == nil)
        #expect(try plan(observation(), known: entry(observation()), later: 9) == nil)
    }

    @Test("Another audit that sees the same is no change, and its names are kept for the next import")
    func otherAudit() throws {
        let known = try entry(auditObservation())
        let onDemand = try auditObservation(at: now + 5, audit: nil)
        let change = try #require(plan(onDemand, known: known))
        #expect(change.finding == nil)
        let refreshed = try #require(Planner.refresh(change.entry, now: Timestamp(milliseconds: now + 9)))
        #expect(refreshed.finding?.generatorID == onDemand.finding.generatorID)
        #expect(refreshed.finding?.productFields["TaskId"] == "task\(now + 5)")
    }

    @Test("A refreshed finding is the same, updated now, and seen when it was last")
    func refreshed() throws {
        let first = try entry(auditObservation())
        let known = try #require(plan(auditObservation(at: now + 5), known: first)).entry
        let change = try #require(Planner.refresh(known, now: Timestamp(milliseconds: now + 9)))
        let finding = try #require(change.finding)
        #expect(finding.updatedAt.milliseconds == now + 9 && finding.createdAt.milliseconds == now)
        #expect(finding.lastObservedAt.milliseconds == now + 5)
        #expect(change.entry.eventTime == now + 5 && change.entry.updatedAt == now + 9)
        #expect(Planner.refreshAge < 90 * 86_400_000)
    }

    @Test("Of two looks of one audit at a finding the later counts")
    func suppressedMeanwhile() throws {
        let known = try entry(auditObservation(isSuppressed: true))
        #expect(known.recordState == .archived && known.condition == .suppressed)
        let finding = try #require(plan(auditObservation(), known: known)?.finding)
        #expect(finding.recordState == .active && finding.updatedAt.milliseconds == now + 1)
        #expect(finding.productFields["IsSuppressed"] == "false")
    }

    @Test("What changed is imported, made when it was first, updated later than before")
    func changed() throws {
        let finding = try #require(plan(observation(at: now + 5, count: 60), known: entry(observation()))?.finding)
        #expect(finding.createdAt.milliseconds == now && finding.firstObservedAt.milliseconds == now)
        #expect(finding.updatedAt.milliseconds == now + 5 && finding.lastObservedAt.milliseconds == now + 5)
    }

    @Test("What is older changes nothing")
    func older() throws {
        #expect(try plan(observation(at: now - 1), known: entry(observation(event: "alarm-cleared"))) == nil)
    }

    @Test("Of two states at one time the end of the alarm counts, whichever comes first")
    func ties() throws {
        let (raised, cleared) = (try observation(), try observation(event: "alarm-cleared"))
        #expect(try plan(cleared, known: entry(raised))?.entry.recordState == .archived)
        #expect(try plan(raised, known: entry(cleared)) == nil)
    }

    @Test("Of two contents at one time the same one counts, whichever comes first, judged or not")
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

    @Test("What fires again is active again, later than its archiving")
    func backAgain() throws {
        let over = try entry(observation(event: "alarm-cleared"))
        let finding = try #require(plan(observation(at: now + 1), known: over)?.finding)
        #expect(finding.recordState == .active)
        #expect(finding.updatedAt.milliseconds > over.updatedAt && finding.createdAt.milliseconds == over.createdAt)
    }

    @Test("UpdatedAt is later than the last one even if the clock is not")
    func updatedAt() throws {
        let known = try entry(observation())
        let finding = try #require(plan(observation(event: "alarm-cleared"), known: known, later: -500)?.finding)
        #expect(finding.updatedAt.milliseconds == now + 1)
    }

    @Test("What is gone is archived once, and not if it was seen later")
    func end() throws {
        let known = try entry(auditObservation())
        func end(_ known: LedgerEntry, _ time: Int64) -> Change? {
            Planner.end(known, at: Timestamp(milliseconds: now + time), now: Timestamp(milliseconds: now + 70))
        }
        #expect(end(known, -1) == nil)
        let change = try #require(end(known, 9))
        #expect(change.finding?.recordState == .archived && change.finding?.id == known.id)
        #expect(change.entry.recordState == .archived && change.entry.condition == .over)
        #expect(change.entry.eventTime == now + 9 && change.entry.updatedAt == now + 70)
        #expect(change.entry.createdAt == now && change.entry.lastObservedAt == now)
        #expect(end(change.entry, 10) == nil)
    }

    @Test("What is gone while it is suppressed needs no import, and does not come back without the suppression")
    func endSuppressed() throws {
        let known = try entry(auditObservation(isSuppressed: true))
        let change = try #require(
            Planner.end(known, at: Timestamp(milliseconds: now + 9), now: Timestamp(milliseconds: now + 9)))
        #expect(change.finding == nil && change.entry.condition == .over)
        let deleted = try suppression(isSuppressed: false, at: now + 10)
        #expect(plan(known: change.entry, disposition: deleted, later: 20) == nil)
    }

    @Test("Of several changes of one finding the last is sent, once")
    func several() throws {
        let change = try #require(
            plan(
                observation(), observation(at: now + 1, event: "alarm-cleared"), observation(at: now + 2, count: 60),
                observation(at: now + 3, count: 60)))
        #expect(change.finding?.recordState == .active && change.entry.eventTime == now + 3)
        #expect(change.finding?.createdAt.milliseconds == now)
    }

    @Test("A finding whose change is refused stays as it was, and is not gone")
    func rejected() throws {
        let known = try entry(auditObservation())
        let change = try #require(plan(auditObservation(at: now + 5, isSuppressed: true), known: known))
        let after = Planner.rejected(change, known: known)
        #expect(after.eventTime == now + 5 && after.condition == .suppressed && after.isSent)
        #expect(after.recordState == .active && after.finding == known.finding)
    }

    @Test("What may not have been sent is sent again, later than it may have been, whatever is said")
    func unsent() throws {
        let unsent = try #require(plan(observation())).entry
        #expect(!unsent.isSent)
        for change in [
            plan(known: unsent), try plan(observation(), known: unsent),
            try plan(observation(at: now + 1), known: unsent),
            try plan(observation(at: now - 1), known: unsent),
        ] {
            #expect(try #require(change?.finding).updatedAt.milliseconds > unsent.updatedAt)
            #expect(change?.entry.createdAt == now)
        }
        #expect(plan(known: unsent.sent) == nil)
    }

    @Test("A ledger entry that cannot be read is replaced by what is said next, and cannot be archived")
    func unreadable() throws {
        let known = try entry(observation())
        let broken = LedgerEntry(
            id: known.id, accountRegion: known.accountRegion, kind: known.kind, group: known.group,
            subject: known.subject,
            createdAt: known.createdAt, updatedAt: known.updatedAt, eventTime: known.eventTime,
            firstObservedAt: known.firstObservedAt, lastObservedAt: known.lastObservedAt, condition: known.condition,
            recordState: known.recordState, severity: nil, finding: [0], isSent: true)
        #expect(try plan(observation(at: now + 1), known: broken)?.finding != nil)
        let time = Timestamp(milliseconds: now + 1)
        #expect(Planner.end(broken, at: time, now: time) == nil)
        #expect(Planner.refresh(broken, now: time) == nil)
    }
}

@Suite struct DispositionRuleTests {
    @Test("A suppression said after the audit archives, and its deletion brings back")
    func suppressed() throws {
        let known = try entry(auditObservation())
        let change = try #require(plan(known: known, disposition: suppression(at: now + 1), later: 5))
        #expect(change.finding?.recordState == .archived && change.finding?.productFields["IsSuppressed"] == "true")
        #expect(change.entry.condition == .present && change.entry.eventTime == now)
        let deleted = try suppression(isSuppressed: false, at: now + 2)
        let back = try #require(plan(known: change.entry.sent, disposition: deleted, later: 9))
        #expect(back.finding?.recordState == .active && back.finding?.productFields["IsSuppressed"] == "false")
    }

    @Test("A suppression counts for a finding that comes after it was said, from an audit that began before")
    func suppressedBefore() throws {
        let change = try #require(plan(auditObservation(), disposition: suppression(at: now + 1)))
        #expect(change.finding?.recordState == .archived && change.entry.condition == .present)
    }

    @Test("What a newer audit says counts more than an older suppression or deletion")
    func newerAudit() throws {
        #expect(try plan(auditObservation(), disposition: suppression(at: now - 1))?.finding?.recordState == .active)
        let deleted = try suppression(isSuppressed: false, at: now - 1)
        let suppressed = try auditObservation(isSuppressed: true)
        #expect(plan(suppressed, disposition: deleted)?.finding?.recordState == .archived)
    }

    @Test("A suppression that ends by itself after the audit brings back, one that ended before does not")
    func expired() throws {
        let suppressed = try auditObservation(isSuppressed: true)
        let ending = try suppression(at: now - 9, until: now + 5)
        #expect(plan(suppressed, disposition: ending, later: 4)?.finding?.recordState == .archived)
        #expect(plan(suppressed, disposition: ending, later: 5)?.finding?.recordState == .active)
        let ended = try suppression(at: now - 9, until: now)
        #expect(plan(suppressed, disposition: ended, later: 5)?.finding?.recordState == .archived)
        let said = try suppression(at: now + 1, until: now + 5)
        #expect(try plan(auditObservation(), disposition: said, later: 4)?.finding?.recordState == .archived)
        #expect(try plan(auditObservation(), disposition: said, later: 5)?.finding?.recordState == .active)
    }

    @Test("Of two suppressions the one said later counts, of one second that which shows more")
    func suppressionOrder() throws {
        func said(_ isSuppressed: Bool, _ time: Int64, _ end: Int64? = nil) throws -> SuppressionDisposition {
            try #require(SuppressionDisposition(suppression(isSuppressed: isSuppressed, at: time, until: end)))
        }
        #expect(try said(true, 1).isNewer(than: nil))
        #expect(try said(true, 2).isNewer(than: said(false, 1)) && !said(false, 1).isNewer(than: said(true, 2)))
        #expect(try said(false, 1).isNewer(than: said(true, 1)) && !said(true, 1).isNewer(than: said(false, 1)))
        #expect(try said(true, 1, 5).isNewer(than: said(true, 1)) && !said(true, 1).isNewer(than: said(true, 1, 5)))
        #expect(try !said(true, 1, 5).isNewer(than: said(true, 1, 5)))
    }

    @Test("A suppression is kept as it was said, due at its end until that was acted on")
    func suppressionStored() throws {
        var said = try #require(SuppressionDisposition(suppression(at: now, until: now + 5)))
        #expect(said.disposition.dueAt == now + 5 && SuppressionDisposition(said.disposition) == said)
        said.isSettled = true
        #expect(said.disposition.dueAt == nil && SuppressionDisposition(said.disposition) == said)
        #expect(try suppression(at: now).keepUntil == nil)
        #expect(try suppression(isSuppressed: false, at: now).keepUntil != nil)
        #expect(VerificationDisposition(said.disposition) == nil)
    }

    @Test(
        "A false or benign positive is archived, others are not",
        arguments: [
            (.falsePositive, .archived), (.benignPositive, .archived), (.truePositive, .active), (.unknown, .active),
        ] as [(VerificationState, SecurityFinding.RecordState)])
    func verified(state: VerificationState, recordState: SecurityFinding.RecordState) throws {
        #expect(try plan(observation(), disposition: verification(state))?.finding?.recordState == recordState)
    }

    @Test("What was judged is active again when it is raised later, and when the judgement is taken back")
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

    @Test("Of two verifications the one said later counts, of two at once the same one everywhere")
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

/// What an operator said of the alarm of ``observation(_:at:event:count:)``.
private func verification(_ state: VerificationState, at time: Int64 = now + 1) throws -> Disposition {
    VerificationDisposition(
        subject: try observation().finding.id, accountRegion: try accountRegion(), time: Timestamp(milliseconds: time),
        verification: Verification(state: state, note: "lab device"), isApplied: false
    ).disposition
}

/// What an operator said of the finding of ``auditObservation(_:at:isSuppressed:reason:audit:)``.
private func suppression(isSuppressed: Bool = true, at time: Int64, until end: Int64? = nil) throws -> Disposition {
    SuppressionDisposition(
        subject: try auditObservation().subject, accountRegion: try accountRegion(),
        time: Timestamp(milliseconds: time),
        isSuppressed: isSuppressed, expiresAt: end.map { Timestamp(milliseconds: $0) }
    ).disposition
}

import DeviceDefender
import JSON
import SecurityFindings
import Store
import Testing

@testable import Bridge

@Suite struct PlannerTests {
    @Test("What is new is imported as it was said")
    func new() throws {
        let seen = try observation()
        let change = try #require(Planner.plan(seen, known: nil))
        #expect(change.finding == seen.finding)
        #expect(change.entry.finding == seen.finding.json.serialized())
        #expect(change.entry.recordState == .active && change.entry.kind == .violation)
        #expect(change.entry.group == "Fleet/MessagesSent-High")
        #expect([change.entry.createdAt, change.entry.updatedAt, change.entry.eventTime] == [now, now, now])
    }

    @Test("What is unchanged is not imported, but remembered as seen")
    func unchanged() throws {
        let known = try #require(Planner.plan(auditObservation(), known: nil)).entry
        let change = try #require(Planner.plan(auditObservation(at: now + 5), known: known))
        #expect(change.finding == nil)
        #expect(change.entry.eventTime == now + 5 && change.entry.lastObservedAt == now + 5)
        #expect(change.entry.updatedAt == now && change.entry.finding == known.finding)
        #expect(try Planner.plan(auditObservation(), known: known) == nil)
        #expect(try Planner.plan(auditObservation(at: now + 5, reason: "Thrice"), known: known)?.finding != nil)
    }

    @Test("What is unchanged is imported again before Security Hub forgets it, unless it is archived")
    func refreshed() throws {
        let known = try #require(Planner.plan(auditObservation(), known: nil)).entry
        let later = now + Planner.refreshAge
        let before = try #require(Planner.plan(auditObservation(at: later - 1), known: known))
        #expect(before.finding == nil)
        let again = try #require(Planner.plan(auditObservation(at: later), known: known)?.finding)
        #expect(again.updatedAt.milliseconds == later && again.createdAt.milliseconds == now)
        let over = try #require(Planner.plan(auditObservation(isSuppressed: true), known: nil)).entry
        let still = try #require(Planner.plan(auditObservation(at: later, isSuppressed: true), known: over))
        #expect(still.finding == nil)
    }

    @Test("Of two looks of one audit at a finding the later counts")
    func suppressedMeanwhile() throws {
        let known = try #require(Planner.plan(auditObservation(isSuppressed: true), known: nil)).entry
        #expect(known.recordState == .archived)
        let finding = try #require(Planner.plan(auditObservation(), known: known)?.finding)
        #expect(finding.recordState == .active && finding.updatedAt.milliseconds == now + 1)
    }

    @Test("What changed is imported, made when it was first, updated later than before")
    func changed() throws {
        let known = try #require(Planner.plan(observation(), known: nil)).entry
        let finding = try #require(Planner.plan(observation(at: now + 5, count: 60), known: known)?.finding)
        #expect(finding.createdAt.milliseconds == now && finding.firstObservedAt.milliseconds == now)
        #expect(finding.updatedAt.milliseconds == now + 5 && finding.lastObservedAt.milliseconds == now + 5)
    }

    @Test("What is older changes nothing")
    func older() throws {
        let known = try #require(Planner.plan(observation(event: "alarm-cleared"), known: nil)).entry
        #expect(try Planner.plan(observation(at: now - 1), known: known) == nil)
    }

    @Test("Of two states at one time the end of the alarm counts, whichever comes first")
    func ties() throws {
        let active = try #require(Planner.plan(observation(), known: nil)).entry
        let archived = try #require(Planner.plan(observation(event: "alarm-cleared"), known: nil)).entry
        #expect(try Planner.plan(observation(event: "alarm-cleared"), known: active)?.entry.recordState == .archived)
        #expect(try Planner.plan(observation(), known: archived) == nil)
    }

    @Test("Of two contents at one time the same one counts, whichever comes first")
    func contentTies() throws {
        let (one, other) = (try observation(count: 11), try observation(count: 12))
        let first = Planner.plan([one, other], known: [:])
        let second = Planner.plan([other, one], known: [:])
        let id = one.finding.id
        #expect(first[id]?.finding?.description == second[id]?.finding?.description)
        #expect(first[id]?.finding?.productFields == second[id]?.finding?.productFields)
    }

    @Test("What fires again is active again, later than its archiving")
    func backAgain() throws {
        let over = try #require(Planner.plan(observation(event: "alarm-cleared"), known: nil)).entry
        let finding = try #require(Planner.plan(observation(at: now + 1), known: over)?.finding)
        #expect(finding.recordState == .active)
        #expect(finding.updatedAt.milliseconds > over.updatedAt && finding.createdAt.milliseconds == over.createdAt)
    }

    @Test("UpdatedAt is later than the last one even if the event is not")
    func updatedAt() throws {
        let known = try #require(Planner.plan(observation(), known: nil)).entry
        let finding = try #require(Planner.plan(observation(event: "alarm-cleared"), known: known)?.finding)
        #expect(finding.updatedAt.milliseconds == now + 1)
    }

    @Test("What is gone is archived once, and not if it was seen later")
    func archive() throws {
        let known = try #require(Planner.plan(observation(), known: nil)).entry
        #expect(Planner.archive(known, at: Timestamp(milliseconds: now - 1)) == nil)
        let change = try #require(Planner.archive(known, at: Timestamp(milliseconds: now + 9)))
        #expect(change.finding?.recordState == .archived && change.finding?.id == known.id)
        #expect(change.entry.recordState == .archived && change.entry.eventTime == now + 9)
        #expect(change.entry.updatedAt == now + 9 && change.entry.createdAt == now)
        #expect(change.entry.lastObservedAt == now)
        #expect(Planner.archive(change.entry, at: Timestamp(milliseconds: now + 10)) == nil)
    }

    @Test("Archiving at the time of the event is later than it")
    func archiveAtOnce() throws {
        let known = try #require(Planner.plan(observation(), known: nil)).entry
        #expect(Planner.archive(known, at: Timestamp(milliseconds: now))?.entry.updatedAt == now + 1)
    }

    @Test("Of several changes of one finding the last is sent, once")
    func several() throws {
        let steps = [
            try observation(), try observation(at: now + 1, event: "alarm-cleared"), try observation("v2"),
            try observation(at: now + 2, count: 60), try observation(at: now + 3, count: 60),
        ]
        let changes = Planner.plan(steps, known: [:])
        #expect(changes.count == 2)
        let change = try #require(changes[steps[0].finding.id])
        #expect(change.finding?.recordState == .active && change.entry.eventTime == now + 3)
        #expect(change.finding?.json.serialized() == change.entry.finding)
        #expect(change.finding?.createdAt.milliseconds == now)
    }

    @Test("A ledger entry that cannot be read is replaced by what is said next, and cannot be archived")
    func unreadable() throws {
        let known = try #require(Planner.plan(observation(), known: nil)).entry
        let broken = LedgerEntry(
            id: known.id, origin: known.origin, kind: known.kind, group: known.group, createdAt: known.createdAt,
            updatedAt: known.updatedAt, eventTime: known.eventTime, firstObservedAt: known.firstObservedAt,
            lastObservedAt: known.lastObservedAt, recordState: known.recordState, finding: [0])
        #expect(try Planner.plan(observation(at: now + 1), known: broken)?.finding != nil)
        #expect(Planner.archive(broken, at: Timestamp(milliseconds: now + 1)) == nil)
    }
}

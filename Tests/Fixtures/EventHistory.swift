package import DeviceDefender
package import Encoding
package import JSON
package import Planning
import SecurityFindings
import Store
package import TestSupport
import Testing

/// An event from Device Defender or from an operator.
package enum SourceEvent {
    case alarm(Observation)
    case verification(VerificationDisposition)
    case audit(AuditEvent)
    case suppression(SuppressionDisposition)
}

/// An audit of two checks, with the findings of each by resource; nil for a check that did not complete.
package struct AuditEvent {
    package let task: Int
    /// Its scheduled audit, as an index into ``EventGenerator/schedules``.
    package let schedule: Int
    /// Whether it includes each check.
    package let isAudited: [Bool]
    package let found: [[Observation]?]

    package var start: Timestamp { EventHistory.time(task) }
    package var id: String { "task\(task)" }

    /// The status of a check; nil if the audit does not include it.
    package func status(_ check: Int) -> CheckResult.Status? {
        guard isAudited[check] else { return nil }
        return found[check].map { $0.isEmpty ? .completedCompliant : .completedNonCompliant } ?? .failed
    }
}

/// The values that histories consist of. They are created once, because mapping takes longer than planning.
package struct EventGenerator: Sendable {
    /// By violation.
    package let alarms: [[Observation]]
    /// The messages of the alarms.
    package let messages: [Observation: JSON]
    /// By check, resource, audit, and whether it is suppressed.
    package let found: [[[[Observation]]]]

    /// Summaries by check, audit, schedule and status, see ``AuditEvent/status(_:)``.
    package let summaries: [[[[CheckResult.Status: Observation]]]]

    /// Two scheduled audits include the same checks, in addition to on-demand audits. A renamed or deleted one does not
    /// occur again.
    package static let schedules: [String?] = ["Daily", "Weekly", nil]
    package static let checks = [Messages.clientIDs, "DEVICE_CERTIFICATE_EXPIRING_CHECK"]
    package static let resources = 3

    package init() throws {
        var messages: [Observation: JSON] = [:]
        alarms = try (0..<2).map { violation in
            var all: [Observation] = []
            for moment in 0..<6 {
                for event in ["in-alarm", "alarm-cleared", "alarm-invalidated"] {
                    for state in [nil, "UNKNOWN", "FALSE_POSITIVE"] as [String?] {
                        var members = try #require(
                            Messages.alarm("v\(violation)", at: EventHistory.time(moment), event: event).object)
                        members["verificationState"] = state.map(JSON.string)
                        let alarm = try Alarm(.object(members))
                        let seen = Observation(
                            alarm, finding: SecurityFinding(alarm: alarm, accountRegion: try accountRegion()))
                        messages[seen] = .object(members)
                        all.append(seen)
                    }
                }
            }
            return all
        }
        self.messages = messages
        summaries = try Self.checks.map { check in
            try (0..<EventHistory.moments).map { moment in
                try Self.schedules.map { try Self.summaries(of: check, at: EventHistory.time(moment), schedule: $0) }
            }
        }
        found = try Self.checks.map { check in
            try (0..<Self.resources).map { resource in
                try (0..<EventHistory.moments).map { moment in
                    try [false, true].map {
                        try auditObservation(
                            "r\(resource)", at: EventHistory.time(moment), check: check, isSuppressed: $0)
                    }
                }
            }
        }
    }
}

extension EventGenerator {
    private static func summaries(
        of check: String, at time: Timestamp, schedule: String?
    ) throws -> [CheckResult.Status: Observation] {
        var all: [CheckResult.Status: Observation] = [:]
        for status in [CheckResult.Status.completedCompliant, .completedNonCompliant, .failed] {
            var description = try #require(
                Messages.description(startTime: time, checks: [check: status.word]).object)
            description["scheduledAuditName"] = schedule.map(JSON.string)
            let task = try AuditTask(id: "t", description: .object(description))
            let result = try #require(task.checks.first)
            all[status] = Observation(
                summaryOf: result, task: task,
                finding: SecurityFinding(summaryOf: result, task: task, accountRegion: try accountRegion()))
        }
        return all
    }
}

/// A random history of events, in chronological order.
package struct EventHistory {
    package static let moments = 12
    /// The end of all events.
    package static let end = time(moments)

    package static func time(_ moment: Int) -> Timestamp { now + moment * 100 }

    package private(set) var events: [SourceEvent] = []
    /// Items of a mapped source, in the order of acceptance.
    package let items: [ItemEvent]

    package init(_ generator: EventGenerator, using random: inout SeededGenerator) throws {
        // From a copy of the generator: the events of a seed do not depend on the items.
        var copy = random
        items = ItemEvent.items(using: &copy)
        for moment in (0..<Self.moments).shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random)) {
            events.append(.audit(Self.audit(moment, generator, &random)))
        }
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            events.append(.alarm(try Self.pick(try Self.pick(generator.alarms, &random), &random)))
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            events.append(.verification(try Self.verification(generator, &random)))
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            events.append(.suppression(try Self.suppression(generator, &random)))
        }
    }

    private static func pick<Element>(_ elements: [Element], _ random: inout SeededGenerator) throws -> Element {
        try #require(elements.randomElement(using: &random))
    }

    private static func audit(_ moment: Int, _ generator: EventGenerator, _ random: inout SeededGenerator) -> AuditEvent
    {
        let isAudited = generator.found.map { _ in Int.random(in: 0...5, using: &random) > 0 }
        return AuditEvent(
            task: moment, schedule: Int.random(in: 0..<EventGenerator.schedules.count, using: &random),
            isAudited: isAudited,
            found: zip(generator.found, isAudited).map { resources, isAudited in
                guard isAudited, Int.random(in: 0...4, using: &random) > 0 else { return nil }
                return resources.compactMap { moments in
                    Bool.random(using: &random) ? moments[moment].randomElement(using: &random) : nil
                }
            })
    }

    private static func verification(
        _ generator: EventGenerator, _ random: inout SeededGenerator
    ) throws -> VerificationDisposition {
        let finding = try pick(generator.alarms, &random)[0].finding
        return VerificationDisposition(
            subject: finding.id, accountRegion: finding.accountRegion,
            time: time(Int.random(in: 0...5, using: &random)),
            verification: Verification(state: try pick(VerificationState.allCases, &random), note: nil),
            isApplied: false)
    }

    private static func suppression(
        _ generator: EventGenerator, _ random: inout SeededGenerator
    ) throws -> SuppressionDisposition {
        let finding = try pick(try pick(generator.found, &random), &random)[0][0]
        let moment = Int.random(in: 0..<moments, using: &random)
        let ends = [nil, time(moment) + 150, end + 5_000, end + 100_000]
        let isSuppressed = Int.random(in: 0...2, using: &random) > 0
        return SuppressionDisposition(
            subject: finding.subject, accountRegion: finding.finding.accountRegion,
            time: time(moment) + Int64.random(in: 0...1, using: &random) * 50,
            isSuppressed: isSuppressed,
            expiresAt: isSuppressed ? try pick(ends, &random) : nil)
    }
}

/// The expected final state of Security Hub, from the events and the time alone.
package struct ExpectedState {
    package let events: [SourceEvent]
    package let now: Timestamp
    /// Results of audits that began at this time or before are stale; nil if none are.
    package var cutoff: Timestamp?

    package init(events: [SourceEvent], now: Timestamp, cutoff: Timestamp? = nil) {
        self.events = events
        self.now = now
        self.cutoff = cutoff
    }

    package var audits: [AuditEvent] { events.compactMap { if case .audit(let audit) = $0 { audit } else { nil } } }

    /// Whether the summary of a check of a scheduled audit is active.
    package func isActive(summaryOf check: Int, schedule: Int) -> Bool {
        let own = audits.filter { $0.schedule == schedule && $0.isAudited[check] }.max { $0.start < $1.start }
        guard let own, own.status(check) != .completedCompliant, !isStale(own.start) else { return false }
        let newer = audits.filter { $0.start > own.start }.compactMap { $0.status(check) }
        if newer.contains(.completedCompliant) { return false }
        return EventGenerator.schedules[schedule] != nil || !newer.contains(.completedNonCompliant)
    }

    private func isStale(_ time: Timestamp) -> Bool { cutoff.map { time <= $0 } ?? false }

    package func isActive(_ alarms: [Observation]) -> Bool {
        guard let last = newest(alarms), last.condition == .present else { return false }
        guard let verdict = disposition(of: last.finding.id) else { return true }
        return !(verdict.verification.archives && verdict.time >= last.time)
    }

    private func newest(_ alarms: [Observation]) -> Observation? {
        let matching = events.compactMap {
            if case .alarm(let alarm) = $0, alarms.contains(alarm) { alarm } else { nil }
        }
        return matching.max { ($0.time, $0.condition == .over ? 1 : 0) < ($1.time, $1.condition == .over ? 1 : 0) }
    }

    /// The workflow statuses that the finding may have. An active finding is never suppressed; an ended one that was
    /// raised again in between may be.
    package func workflows(of alarms: [Observation]) -> Set<String> {
        guard let verdict = disposition(of: alarms[0].finding.id), let status = verdict.verification.workflowStatus
        else {
            return ["NEW"]
        }
        guard verdict.verification.archives else { return [status] }
        // A finding that the bridge has not suppressed keeps its status.
        if isActive(alarms) { return ["NEW", "NOTIFIED"] }
        let isRaisedAgain = events.contains { event in
            guard case .alarm(let alarm) = event, alarms.contains(alarm) else { return false }
            return alarm.condition == .present && alarm.time > verdict.time
        }
        return isRaisedAgain ? ["NEW", "NOTIFIED", status] : [status]
    }

    package func disposition(of violation: String) -> VerificationDisposition? {
        let matching = events.compactMap { event -> VerificationDisposition? in
            switch event {
            case .verification(let verdict): verdict
            case .alarm(let alarm): alarm.verification
            case .audit, .suppression: nil
            }
        }
        return matching.filter { $0.subject == violation }
            .max { ($0.time, $0.verification.state.rawValue) < ($1.time, $1.verification.state.rawValue) }
    }

    package func isActive(check: Int, subject: String) -> Bool {
        let audits = audits.filter { $0.found[check] != nil }
        guard let last = audits.max(by: { $0.start < $1.start }),
            let seen = last.found[check]?.first(where: { $0.subject == subject }), !isStale(last.start)
        else { return false }
        let matching = events.compactMap {
            if case .suppression(let suppression) = $0, suppression.subject == subject { suppression } else { nil }
        }
        guard let suppression = matching.max(by: { $1.isNewer(than: $0) }) else { return seen.condition == .present }
        let isOver = suppression.expiresAt.map { $0 <= now } ?? false
        if suppression.time > last.start { return !suppression.isSuppressed || isOver }
        let endedSince = isOver && suppression.expiresAt.map { $0 > last.start } ?? false
        return seen.condition == .present || suppression.isSuppressed && endedSince
    }
}

import DeviceDefender
import SecurityFindings
import Store

/// What Device Defender said of one finding at one time.
struct Observation: Sendable, Hashable {
    /// The finding as it follows from what was said alone.
    var finding: SecurityFinding
    /// What it stands for.
    var kind: LedgerEntry.Kind
    /// What it is looked up by together with others: the check, or profile and behavior.
    var group: String
    /// What people judge when they judge the finding.
    var subject: String
    /// Whether the problem is there.
    var condition: LedgerEntry.Condition
    /// When it was said: an alarm's own time, an audit's start.
    var time: Timestamp
    /// What an alarm says that somebody found out about it.
    var verification: VerificationDisposition?

    /// What an alarm says.
    init(_ alarm: Alarm, finding: SecurityFinding) {
        self.init(
            finding: finding, kind: .violation, group: "\(alarm.securityProfileName)/\(alarm.behavior.name)",
            subject: finding.id, condition: alarm.eventType == .inAlarm ? .present : .over, time: alarm.time)
        // Nobody has said anything about an alarm that is raised as "unknown".
        guard let state = alarm.verificationState, state != .unknown || alarm.eventType == .invalidated else { return }
        verification = VerificationDisposition(
            subject: finding.id, accountRegion: finding.accountRegion, time: alarm.time,
            verification: Verification(state: state, note: alarm.verificationStateDescription), isApplied: false)
    }

    /// That an alarm is not raised any more, though nobody told its end. Nil if its end is known.
    ///
    /// - Parameter time: when it was not raised any more.
    init?(endOf known: LedgerEntry, asOf time: Timestamp) {
        guard known.kind == .violation, known.condition != .over, var finding = known.asSent else { return nil }
        finding.setCleared()
        self.init(
            finding: finding, kind: known.kind, group: known.group, subject: known.subject, condition: .over, time: time
        )
    }

    /// What an audit says of one resource.
    init(_ auditFinding: AuditFinding, task: AuditTask, finding: SecurityFinding) {
        self.init(
            finding: finding, kind: .audit, group: auditFinding.check.name,
            subject: FindingID.suppression(
                check: auditFinding.check, resource: auditFinding.resource.identifier,
                accountRegion: finding.accountRegion),
            condition: auditFinding.isSuppressed ? .suppressed : .present, time: task.startTime)
    }

    /// What an audit says of one check.
    init(summaryOf result: CheckResult, task: AuditTask, finding: SecurityFinding) {
        self.init(
            finding: finding, kind: .summary, group: result.check.name, subject: finding.id,
            condition: finding.recordState == .active ? .present : .over, time: task.startTime)
    }

    private init(
        finding: SecurityFinding, kind: LedgerEntry.Kind, group: String, subject: String,
        condition: LedgerEntry.Condition, time: Timestamp
    ) {
        self.finding = finding
        self.kind = kind
        self.group = group
        self.subject = subject
        self.condition = condition
        self.time = time
    }
}

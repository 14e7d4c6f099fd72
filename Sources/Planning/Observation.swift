package import DeviceDefender
package import Encoding
package import SecurityFindings
package import Store

/// What Device Defender reported about one finding at one time.
package struct Observation: Sendable, Hashable {
    /// The finding as it follows from this report alone.
    package var finding: SecurityFinding
    /// The kind of the finding.
    package var kind: LedgerEntry.Kind
    /// The group for queries of the ledger: the check, or the security profile and the behavior.
    package var group: String
    /// The subject of dispositions that concern the finding.
    package var subject: String
    /// Whether the problem is present.
    package var condition: LedgerEntry.Condition
    /// The time of the report: the time of the alarm's event, or the start of the audit.
    package var time: Timestamp
    /// The digest of what was reported; nil if equal reports are not recognized by it.
    package var digest: [UInt8]?
    /// The verification state that an alarm carries.
    package var verification: VerificationDisposition?

    /// An event of an alarm.
    package init(_ alarm: Alarm, finding: SecurityFinding) {
        self.init(
            finding: finding, kind: .violation, group: "\(alarm.securityProfileName)/\(alarm.behavior.name)",
            subject: finding.id, condition: alarm.eventType == .inAlarm ? .present : .over, time: alarm.time)
        // A raised alarm with state UNKNOWN was never verified.
        guard let state = alarm.verificationState, state != .unknown || alarm.eventType == .invalidated else { return }
        verification = VerificationDisposition(
            subject: finding.id, accountRegion: finding.accountRegion, time: alarm.time,
            verification: Verification(state: state, note: alarm.verificationStateDescription), isApplied: false)
    }

    /// The end of an alarm that no event reported. Nil if its end is known.
    ///
    /// - Parameter time: when the alarm was no longer raised.
    package init?(endOf known: LedgerEntry, asOf time: Timestamp) {
        guard known.kind == .violation, known.condition != .over, var finding = known.asSent else { return nil }
        finding.setCleared()
        self.init(
            finding: finding, kind: known.kind, group: known.group, subject: known.subject, condition: .over, time: time
        )
    }

    /// An audit finding about one resource.
    package init(_ auditFinding: AuditFinding, task: AuditTask, finding: SecurityFinding) {
        self.init(
            finding: finding, kind: .audit, group: auditFinding.check.name,
            subject: FindingID.suppression(
                check: auditFinding.check, resource: auditFinding.resource.identifier,
                accountRegion: finding.accountRegion),
            condition: auditFinding.isSuppressed ? .suppressed : .present, time: task.startTime)
    }

    /// The result of one check of an audit.
    package init(summaryOf result: CheckResult, task: AuditTask, finding: SecurityFinding) {
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

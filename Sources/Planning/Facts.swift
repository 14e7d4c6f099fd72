import Encoding
import SecurityFindings
import Store

/// The ledger fields of a finding, apart from its content.
struct Facts {
    let kind: LedgerEntry.Kind
    let group: String
    let subject: String
    let condition: LedgerEntry.Condition
    let time: Timestamp
    var digest: [UInt8]?
    var report: SourceReport?

    init(of observation: Observation) {
        kind = observation.kind
        group = observation.group
        subject = observation.subject
        condition = observation.condition
        time = observation.time
        digest = observation.digest
    }

    init(of known: LedgerEntry, condition: LedgerEntry.Condition? = nil, time: Timestamp? = nil) {
        kind = known.kind
        group = known.group
        subject = known.subject
        self.condition = condition ?? known.condition
        self.time = time ?? known.eventTime
        report = known.report
    }

    /// A report of a mapped source.
    init(
        mapped group: String, subject: String, condition: LedgerEntry.Condition, order: ReportOrder,
        report: SourceReport
    ) {
        kind = .mapped
        self.group = group
        self.subject = subject
        self.condition = condition
        time = order.time ?? .earliest
        self.report = report
    }

    /// Whether the finding is active: the problem is present, and no disposition hides it.
    func isActive(_ disposition: DispositionChange, _ now: Timestamp) -> Bool {
        guard condition != .over else { return false }
        switch disposition {
        case .suppression(let suppression):
            if suppression.time > time { return !suppression.suppresses(at: now) }
            // A newer audit wins over the suppression, unless the suppression expired after the audit.
            return condition == .present || suppression.ended(after: time, by: now)
        case .verification(let verification):
            // An alarm that is raised again after its verification is active again.
            return !(verification.verification.archives && verification.time >= time)
        case .none: return condition == .present
        }
    }

    /// - Parameter bytes: the finding as written.
    func entry(_ finding: SecurityFinding, _ bytes: [UInt8], isSent: Bool) -> LedgerEntry {
        LedgerEntry(
            id: finding.id, accountRegion: finding.accountRegion, kind: kind, group: group, subject: subject,
            createdAt: finding.createdAt, updatedAt: finding.updatedAt, eventTime: time,
            firstObservedAt: finding.firstObservedAt, lastObservedAt: finding.lastObservedAt, condition: condition,
            recordState: finding.recordState == .active ? .active : .archived,
            severity: LedgerEntry.Severity(finding.severity.label), finding: bytes, digest: digest,
            report: report, isSent: isSent)
    }
}

/// The disposition of a finding, by its kind.
enum DispositionChange {
    case suppression(SuppressionDisposition)
    case verification(VerificationDisposition)
    case none

    init(_ disposition: Disposition?) {
        if let suppression = disposition.flatMap({ SuppressionDisposition($0) }) {
            self = .suppression(suppression)
        } else if let verification = disposition.flatMap({ VerificationDisposition($0) }) {
            self = .verification(verification)
        } else {
            self = .none
        }
    }
}

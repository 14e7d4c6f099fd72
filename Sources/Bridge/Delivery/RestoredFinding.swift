import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What a finding in Security Hub, sent by a bridge or by AWS's sample, tells of what was known when it was sent.
struct RestoredFinding: Sendable, Hashable {
    /// The finding as the ledger has it.
    let entry: LedgerEntry
    /// What people found out about it, for a violation.
    let disposition: Disposition?
    /// The audit that said so, for an audit finding and a check summary.
    let appliedAudit: AppliedAudit?

    /// Whether the store accepts what it tells. Security Hub keeps longer texts than the store.
    var isStorable: Bool {
        LedgerUpdate(
            entries: [entry], dispositions: disposition.map { [$0] } ?? [], appliedAudits: appliedAudit.map { [$0] } ?? []
        ).isStorable
    }

    /// The beginning of the ids of all findings of an origin.
    static func idPrefix(_ accountRegion: AccountRegion) -> String {
        ARN(service: "iot-device-defender", accountRegion: accountRegion, resource: "x").description.dropLast()
            .description
    }

    /// Reads an element of the answer to `GetFindings`; nil if it is not a finding of Device Defender's, or lacks what
    /// is needed to send it again.
    init?(_ json: JSON, accountRegion: AccountRegion) {
        guard let parsed = ParsedFinding(json, accountRegion: accountRegion) else { return nil }
        let finding = parsed.finding
        let isActive = finding.recordState == .active
        let eventTime = parsed.eventTime
        entry = LedgerEntry(
            id: finding.id, accountRegion: accountRegion, kind: parsed.kind, group: parsed.group,
            subject: parsed.subject,
            createdAt: finding.createdAt.milliseconds, updatedAt: finding.updatedAt.milliseconds,
            eventTime: eventTime, firstObservedAt: finding.firstObservedAt.milliseconds,
            lastObservedAt: finding.lastObservedAt.milliseconds, condition: parsed.condition,
            recordState: isActive ? .active : .archived, severity: LedgerEntry.Severity(finding.severity.label),
            finding: finding.json.serialized(), isSent: true)
        disposition = parsed.verification.map { verification in
            VerificationDisposition(
                subject: finding.id, accountRegion: accountRegion, time: Timestamp(milliseconds: eventTime),
                verification: verification, isApplied: true, isHidden: parsed.isHiddenByBridge
            ).disposition
        }
        // Only a bridge says in the finding which audit it is from.
        appliedAudit =
            parsed.kind != .violation && eventTime > 0 && parsed.isOfCompleteCheck
            ? parsed.field("TaskId").map {
                AppliedAudit(accountRegion: accountRegion, check: parsed.group, startTime: eventTime, taskID: $0)
            } : nil
    }
}

/// A finding with what its id and its product fields say.
private struct ParsedFinding {
    let json: JSON
    let finding: SecurityFinding
    let kind: LedgerEntry.Kind
    let group: String
    let subject: String

    init?(_ json: JSON, accountRegion: AccountRegion) {
        guard let finding = SecurityFinding(json), finding.accountRegion == accountRegion else { return nil }
        let prefix = RestoredFinding.idPrefix(accountRegion)
        guard finding.id.hasPrefix(prefix) else { return nil }
        let name = finding.id.dropFirst(prefix.count)
        let fields = finding.productFields
        if name.hasPrefix("audits/finding/") {
            // No check's name has a dash.
            let check = name.dropFirst("audits/finding/".count).prefix { $0 != "-" }
            guard
                let subject = FindingID.suppression(
                    ofFinding: finding.id, reasonCode: fields["ReasonForNonComplianceCode"],
                    accountRegion: accountRegion)
            else { return nil }
            (kind, group, self.subject) = (.audit, fields["CheckName"] ?? String(check), subject)
        } else if name.hasPrefix("audits/summary/"), let check = fields["CheckName"] {
            (kind, group, subject) = (.summary, check, finding.id)
        } else if name.hasPrefix("detect/violation/") {
            (kind, group, subject) = (.violation, finding.generatorID, finding.id)
        } else {
            return nil
        }
        guard !group.isEmpty else { return nil }
        self.json = json
        self.finding = finding
    }

    func field(_ name: String) -> String? { finding.productFields[name] }

    /// When what it says was said, in milliseconds since 1970; 0 if it does not tell, so that everything is newer.
    var eventTime: Int64 {
        guard field("ProviderVersion") == SecurityFinding.providerVersion else { return 0 }
        if kind == .violation { return finding.lastObservedAt.milliseconds }
        return field("TaskStartTime").flatMap { Int64($0) }.map { max($0, 0) } ?? 0
    }

    var condition: LedgerEntry.Condition {
        if finding.recordState == .active { return .present }
        switch kind {
        case .audit: return field("IsSuppressed") == "true" ? .suppressed : .over
        // It may be archived because somebody judged it, and still be raised.
        case .violation: return field("ViolationEventType") == "in-alarm" ? .present : .over
        case .summary: return .over
        }
    }

    /// Whether the audit completed the check: a summary also tells of one that could not run.
    var isOfCompleteCheck: Bool {
        guard kind == .summary else { return true }
        return ["COMPLETED_COMPLIANT", "COMPLETED_NON_COMPLIANT"].contains(field("CheckRunStatus"))
    }

    /// Whether the finding is suppressed, and the bridge has said why: only of what it did itself may it think otherwise.
    var isHiddenByBridge: Bool {
        json["Workflow"]?["Status"]?.string == Verification.suppressedStatus
            && json["Note"]?["UpdatedBy"]?.string == Verification.author
    }

    var verification: Verification? {
        guard kind == .violation, let state = json["VerificationState"]?.string.flatMap(VerificationState.init),
            state != .unknown
        else { return nil }
        return Verification(state: state, note: json["Note"]?["Text"]?.string)
    }
}

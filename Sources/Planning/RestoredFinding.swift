package import AWSCore
import DeviceDefender
package import Encoding
package import JSON
import SecurityFindings
import SourceMapping
package import Store

/// The ledger entry, disposition and applied audit that a finding in Security Hub implies. It was sent by a bridge or
/// by AWS's sample.
package struct RestoredFinding: Sendable, Hashable {
    /// The ledger entry of the finding.
    package let entry: LedgerEntry
    /// The verification of a violation; nil if there is none.
    package let disposition: Disposition?
    /// The audit that reported an audit finding or a check summary; nil if it is not known.
    package let appliedAudit: AppliedAudit?

    /// Whether the store accepts the values. Security Hub allows longer texts than the store.
    package var isStorable: Bool {
        LedgerUpdate(
            entries: [entry], dispositions: disposition.map { [$0] } ?? [],
            appliedAudits: appliedAudit.map { [$0] } ?? []
        ).isStorable
    }

    /// The ledger entry of a finding that is restored at a time. When a mapped source last reported it is not known:
    /// `expireAfter` counts from the restoration.
    package func ledgerEntry(restoredAt time: Timestamp) -> LedgerEntry {
        guard let report = entry.report else { return entry }
        var copy = entry
        copy.report?.lastReportedAt = max(report.lastReportedAt, time)
        return copy
    }

    /// The prefix of the ids of all Device Defender findings of an account and Region.
    package static func idPrefix(_ accountRegion: AccountRegion) -> String {
        ARN(service: "iot-device-defender", accountRegion: accountRegion, resource: "x").description.dropLast()
            .description
    }

    /// The prefix of the ids of all findings of mapped sources of an account and Region.
    package static func mappedIDPrefix(_ accountRegion: AccountRegion) -> String {
        ARN(service: "defender-bridge", accountRegion: accountRegion, resource: "x").description.dropLast().description
    }

    /// Parses an element of the response to `GetFindings`; nil if it is not a finding of the bridge, or lacks members
    /// that are needed to send it again.
    package init?(_ json: JSON, accountRegion: AccountRegion) {
        guard let parsed = ParsedFinding(json, accountRegion: accountRegion) else { return nil }
        let finding = parsed.finding
        let isActive = finding.recordState == .active
        let eventTime = parsed.eventTime
        entry = LedgerEntry(
            id: finding.id, accountRegion: accountRegion, kind: parsed.kind, group: parsed.group,
            subject: parsed.subject,
            createdAt: finding.createdAt, updatedAt: finding.updatedAt,
            eventTime: eventTime, firstObservedAt: finding.firstObservedAt,
            lastObservedAt: finding.lastObservedAt, condition: parsed.condition,
            recordState: isActive ? .active : .archived, severity: LedgerEntry.Severity(finding.severity.label),
            finding: finding.serialized(), report: parsed.report, isSent: true)
        disposition = parsed.verification.map { verification in
            VerificationDisposition(
                subject: finding.id, accountRegion: accountRegion, time: eventTime,
                verification: verification, isApplied: true, isHidden: parsed.isHiddenByBridge
            ).disposition
        }
        // Only findings of a bridge name their audit.
        appliedAudit =
            [.audit, .summary].contains(parsed.kind) && eventTime > .earliest && parsed.isOfCompleteCheck
            ? parsed.field("TaskId").map {
                AppliedAudit(accountRegion: accountRegion, check: parsed.group, startTime: eventTime, taskID: $0)
            } : nil
    }
}

/// A finding with the values of its id and its product fields.
private struct ParsedFinding {
    let json: JSON
    let finding: SecurityFinding
    let kind: LedgerEntry.Kind
    let group: String
    let subject: String
    /// The last report of a mapped finding: every report in the queue is newer.
    let report: SourceReport?

    init?(_ json: JSON, accountRegion: AccountRegion) {
        guard let finding = SecurityFinding(json), finding.accountRegion == accountRegion else { return nil }
        let fields = finding.productFields
        let mappedPrefix = RestoredFinding.mappedIDPrefix(accountRegion)
        if finding.id.hasPrefix(mappedPrefix) {
            guard let source = fields[ProductField.source], DeliveryLane.isSourceName(source),
                finding.id.dropFirst(mappedPrefix.count).hasPrefix(source + "/")
            else { return nil }
            let lane = DeliveryLane(accountRegion, source: source)
            let group = fields[ProductField.group]
            (self.json, self.finding, kind) = (json, finding, .mapped)
            self.group = GroupArchival.ledgerGroup(of: group, source: source)
            subject = group.map { GroupArchival.subject(of: $0, in: lane) } ?? finding.id
            report = SourceReport(source: source, lastReportedAt: finding.lastObservedAt, sequence: 0)
            return
        }
        report = nil
        let prefix = RestoredFinding.idPrefix(accountRegion)
        guard finding.id.hasPrefix(prefix) else { return nil }
        let name = finding.id.dropFirst(prefix.count)
        if name.hasPrefix("audits/finding/") {
            // Names of checks contain no dash.
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

    /// The time of the report; the earliest time if it is not known, so that every report is newer.
    var eventTime: Timestamp {
        if kind == .mapped { return field(ProductField.time).flatMap { Timestamp(iso8601: $0) } ?? .earliest }
        guard field("ProviderVersion") == SecurityFinding.providerVersion else { return .earliest }
        if kind == .violation { return finding.lastObservedAt }
        return field("TaskStartTime").flatMap { Int64($0) }.map(Timestamp.init(milliseconds:)) ?? .earliest
    }

    var condition: LedgerEntry.Condition {
        if finding.recordState == .active { return .present }
        switch kind {
        case .audit: return field("IsSuppressed") == "true" ? .suppressed : .over
        // It may be archived because of a verification while the alarm is still raised.
        case .violation: return field("ViolationEventType") == "in-alarm" ? .present : .over
        case .summary, .mapped: return .over
        }
    }

    /// Whether the audit completed the check. Summaries also exist for checks that could not run.
    var isOfCompleteCheck: Bool {
        guard kind == .summary else { return true }
        return ["COMPLETED_COMPLIANT", "COMPLETED_NON_COMPLIANT"].contains(field("CheckRunStatus"))
    }

    /// Whether the bridge suppressed the finding, as its note shows. The bridge changes only statuses that it has set
    /// itself.
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

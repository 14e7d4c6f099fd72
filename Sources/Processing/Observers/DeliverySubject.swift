import DeviceDefender
package import Planning
import SecurityFindings
package import Store

/// Subject of a delivery in a few words, for the event list of the status page.
package struct DeliverySubject: Sendable, Hashable {
    /// Kind of the delivery. The raw values are those of `kind` in status.json.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Import an audit.
        case audit
        /// Update the finding of an alarm.
        case alarm
        /// Apply the verification state that an operator gave to an alarm.
        case verification
        /// Apply the creation or the end of an audit suppression to its findings.
        case suppression
        /// Send findings again before Security Hub deletes them, or archive stale or expired ones.
        case refresh
        /// Query Device Defender for missed events.
        case catchUp
        /// Update the findings that an item of a mapped source is about.
        case mapped
        /// Not a message about findings, or not understood.
        case other
    }

    /// The kind of the delivery.
    package let kind: Kind
    /// Names the alarm, the audit, or the check and resource; at most 256 characters. Nil if there is no subject.
    package let text: String?
    /// The finding, if the delivery concerns exactly one.
    package let findingID: String?

    /// The severity of the finding that the delivery reports; nil if it reports none.
    package let severity: LedgerEntry.Severity?

    /// Subject of a delivery that is not understood.
    package static let unknown = DeliverySubject(.other, nil)

    private static let textLength = 256

    private init(_ kind: Kind, _ text: String?, findingID: String? = nil, of finding: SecurityFinding? = nil) {
        self.kind = kind
        self.text = text.map { String($0.prefix(Self.textLength)) }
        self.findingID = findingID
        severity = finding.flatMap { LedgerEntry.Severity(rawValue: $0.severity.label.rawValue) }
    }

    /// What reports the findings of the subject: `audit`, `detect`, or nil if it is neither.
    package var origin: String? {
        switch kind {
        case .audit, .suppression: "audit"
        case .alarm, .verification: "detect"
        case .refresh, .catchUp, .mapped, .other: nil
        }
    }

    /// Subject of a leased delivery.
    package init(_ work: DeliveryCommand) {
        switch work {
        case .alarm(let observation): self.init(AlarmBatchPlanner.Input.alarm(observation))
        case .verification(let disposition): self.init(AlarmBatchPlanner.Input.verification(disposition))
        case .violationOver(let findingID, let time):
            self.init(AlarmBatchPlanner.Input.ended(findingID: findingID, asOf: time))
        case .audit(let taskID): self.init(.audit, "audit \(taskID)")
        case .suppression(let said, _): self.init(.suppression, Self.suppressed(said.subject))
        case .suppressionEnded(let subject, _): self.init(.suppression, Self.suppressed(subject))
        case .suppressionList: self.init(.suppression, "all suppressions")
        case .refresh(let kinds): self.init(.refresh, kinds.rawValue)
        case .archiveStale: self.init(.refresh, "stale audit findings")
        case .catchUp: self.init(.catchUp, "missed events")
        case .mappedItem: self.init(.mapped, nil)
        case .refreshSource: self.init(.refresh, "findings of the source")
        case .expireSource: self.init(.refresh, "expired findings of the source")
        case .archiveSource: self.init(.refresh, "all findings of the source")
        case .catchUpAlarms: self.init(.catchUp, "alarms of the source")
        case .ignored(let reason): self.init(.other, reason)
        }
    }

    /// Subject of one of several deliveries about a violation.
    package init(_ said: AlarmBatchPlanner.Input) {
        let id = said.findingID
        switch said {
        case .alarm(let observation):
            self.init(.alarm, observation.finding.title, findingID: id, of: observation.finding)
        case .verification(let disposition):
            self.init(.verification, "\(Self.name(id)): \(disposition.verification.state.rawValue)", findingID: id)
        case .ended: self.init(.alarm, "\(Self.name(id)) ended", findingID: id)
        }
    }

    /// Subject of one of several items of a mapped source.
    package init(_ report: MappedReport) {
        switch report.content {
        case .finding(let finding, _): self.init(.mapped, finding.title, findingID: finding.id, of: finding)
        case .groupArchived(let group): self.init(.mapped, "group \(group)")
        }
    }

    /// The check and the resource of a suppressed finding (``FindingID``).
    private static func suppressed(_ id: String) -> String {
        let parts = name(id).split(separator: "/", maxSplits: 2)
        guard parts.count == 3, let dash = parts[2].firstIndex(of: "-") else { return name(id) }
        return "\(parts[2][..<dash]): \(parts[2][dash...].dropFirst())"
    }

    /// The resource part of an ARN.
    private static func name(_ id: String) -> String {
        let parts = id.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 ? String(parts[5]) : id
    }
}

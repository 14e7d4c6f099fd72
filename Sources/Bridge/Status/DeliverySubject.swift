import DeviceDefender
import SecurityFindings

/// What a delivery is about, in a few words for people.
struct DeliverySubject: Sendable, Hashable {
    /// What it asked for.
    enum Kind: String, Sendable, Hashable, CaseIterable {
        /// To walk an audit.
        case audit
        /// To bring the finding of an alarm up to date.
        case alarm
        /// To say what somebody found out about an alarm.
        case verification
        /// To judge findings anew that somebody suppressed, or suppresses no longer.
        case suppression
        /// To import findings again before Security Hub forgets them, or to archive those that nothing confirms any more.
        case refresh
        /// To ask Device Defender for what was missed.
        case catchUp
        /// Something that changes no finding, or that nobody understands.
        case other
    }

    let kind: Kind
    /// The alarm, the audit or the check and resource; at most 256 characters, nil if there is no more to say.
    let text: String?
    /// The finding, if it is about one.
    let findingID: String?

    /// What nobody understands.
    static let unknown = DeliverySubject(.other, nil)

    private static let textLength = 256

    private init(_ kind: Kind, _ text: String?, findingID: String? = nil) {
        self.kind = kind
        self.text = text.map { String($0.prefix(Self.textLength)) }
        self.findingID = findingID
    }

    /// What a leased delivery asks for.
    init(_ work: DeliveryCommand) {
        switch work {
        case .alarm(let observation): self.init(AlarmBatchPlanner.Said.alarm(observation))
        case .verification(let disposition): self.init(AlarmBatchPlanner.Said.verification(disposition))
        case .violationOver(let findingID, let time):
            self.init(AlarmBatchPlanner.Said.over(findingID: findingID, asOf: time))
        case .audit(let taskID): self.init(.audit, "audit \(taskID)")
        case .suppression(let said, _): self.init(.suppression, Self.suppressed(said.subject))
        case .suppressionEnded(let subject, _): self.init(.suppression, Self.suppressed(subject))
        case .suppressionList: self.init(.suppression, "all suppressions")
        case .refresh(let kinds): self.init(.refresh, kinds.rawValue)
        case .archiveStale: self.init(.refresh, "findings that no audit confirms")
        case .catchUp: self.init(.catchUp, "what no delivery told of")
        case .later(let reason): self.init(.other, reason)
        }
    }

    /// What one of several deliveries says of a violation.
    init(_ said: AlarmBatchPlanner.Said) {
        let id = said.findingID
        switch said {
        case .alarm(let observation): self.init(.alarm, observation.finding.title, findingID: id)
        case .verification(let disposition):
            self.init(.verification, "\(Self.name(id)): \(disposition.verification.state.rawValue)", findingID: id)
        case .over: self.init(.alarm, "\(Self.name(id)) is over", findingID: id)
        }
    }

    /// The check and the resource of what is suppressed (``FindingID``).
    private static func suppressed(_ id: String) -> String {
        let parts = name(id).split(separator: "/", maxSplits: 2)
        guard parts.count == 3, let dash = parts[2].firstIndex(of: "-") else { return name(id) }
        return "\(parts[2][..<dash]): \(parts[2][dash...].dropFirst())"
    }

    /// What stands in an ARN behind service, Region and account.
    private static func name(_ id: String) -> String {
        let parts = id.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 ? String(parts[5]) : id
    }
}

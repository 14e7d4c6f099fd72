import DeviceDefender
package import Encoding
package import SecurityFindings
package import Store

/// The changes that follow from several deliveries about violations, independent of their order. A pure value.
package struct AlarmBatchPlanner {
    /// What one delivery reports.
    package enum Input: Sendable {
        /// An event of an alarm.
        case alarm(Observation)
        /// An operator's verification of an alarm.
        case verification(VerificationDisposition)
        /// An alarm that was no longer raised at a time.
        case ended(findingID: String, asOf: Timestamp)

        /// The id of the finding that it concerns.
        package var findingID: String {
            switch self {
            case .alarm(let observation): observation.finding.id
            case .verification(let disposition): disposition.subject
            case .ended(let findingID, _): findingID
            }
        }
    }

    /// A leased delivery, and what it reports.
    package typealias Item = (leased: LeasedDelivery, input: Input)

    /// The changes of findings and ledger, at most one for each finding.
    package let changes: [Change]
    /// The severities of those findings that are up to date in Security Hub.
    package let unchanged: [SecurityFinding.Severity.Label]
    /// The severities of the findings that a filter keeps out of Security Hub, by id.
    package let filtered: [String: SecurityFinding.Severity.Label]
    private let known: [String: LedgerEntry]
    private var dispositions: [String: VerificationDisposition] = [:]
    private var isNew: Set<String> = []
    /// The findings that a filter hides: Security Hub may not have them, and gets their verification without the filter.
    private let hidden: Set<String>

    /// - Parameters:
    ///   - inputs: what the deliveries report, in any order.
    ///   - known: the ledger's entries of the findings, by id.
    ///   - dispositions: the stored dispositions of the findings, by id.
    ///   - mapping: the options for findings.
    ///   - things: the known attributes of things, by name.
    package init(
        _ inputs: [Input], known: [String: LedgerEntry], dispositions: [String: Disposition],
        mapping: MappingOptions = MappingOptions(), things: [String: ThingAttributes] = [:], now: Timestamp
    ) {
        self.known = known
        var current = dispositions.compactMapValues { VerificationDisposition($0) }
        var observations: [String: [Observation]] = [:]
        for input in inputs {
            switch input {
            case .alarm(let observation):
                observations[input.findingID, default: []].append(observation)
                if let verification = observation.verification {
                    Self.merge(verification, isExplicit: false, into: &current, &isNew)
                }
            case .verification(let disposition): Self.merge(disposition, isExplicit: true, into: &current, &isNew)
            case .ended(let id, let time):
                if let end = known[id].flatMap({ Observation(endOf: $0, asOf: time) }) {
                    observations[id, default: []].append(end)
                }
            }
        }
        var changes: [Change] = []
        let ids = Set(inputs.map(\.findingID))
        for id in ids {
            let thing = observations[id]?.first?.finding.thingName.flatMap { things[$0] }
            let change = Planner.plan(
                observations[id] ?? [], known: known[id], disposition: current[id]?.disposition, mapping: mapping,
                thing: thing, now: now)
            guard let change else { continue }
            changes.append(change)
            guard Self.resetsWorkflow(change, known[id], current[id]) else { continue }
            current[id]?.isApplied = false
            isNew.insert(id)
        }
        let changed = Dictionary(changes.map { ($0.entry.id, $0.entry) }) { first, _ in first }
        let entries = ids.compactMap { changed[$0] ?? known[$0] }
        let hidden = Set(entries.filter(mapping.filter.hides).map(\.id))
        for entry in entries where !hidden.contains(entry.id) { Self.setWorkflow(entry, &current, &isNew) }
        self.dispositions = current
        self.hidden = hidden
        self.changes = changes
        let sent = Set(changes.filter { $0.finding != nil }.map(\.entry.id))
        func severities(of ids: Set<String>) -> [(id: String, label: SecurityFinding.Severity.Label)] {
            ids.compactMap { id in
                (observations[id]?.last?.finding ?? known[id]?.asSent).map { (id, $0.severity.label) }
            }
        }
        unchanged = severities(of: ids.subtracting(sent).subtracting(hidden)).map(\.label)
        filtered = Dictionary(severities(of: hidden.subtracting(sent))) { first, _ in first }
    }

    private static func merge(
        _ disposition: VerificationDisposition, isExplicit: Bool,
        into current: inout [String: VerificationDisposition], _ isNew: inout Set<String>
    ) {
        let id = disposition.subject
        guard disposition.isNewer(than: current[id]) else { return }
        var disposition = disposition
        disposition.isHidden = current[id]?.isHidden ?? false
        // Every finding begins as UNKNOWN: an alarm that carries this state and was never triaged reports nothing new.
        disposition.isApplied = !isExplicit && current[id] == nil && disposition.verification.state == .unknown
        current[id] = disposition
        isNew.insert(id)
    }

    /// Decides on the workflow status that goes with the verification of a finding.
    ///
    /// An alarm that is raised again after it was marked as a false positive is active, and must not stay hidden: its
    /// status becomes NEW if the bridge has hidden it. A status that a person has set is left unchanged.
    private static func setWorkflow(
        _ entry: LedgerEntry, _ current: inout [String: VerificationDisposition], _ isNew: inout Set<String>
    ) {
        guard var disposition = current[entry.id], disposition.verification.archives else { return }
        if entry.recordState == .active {
            disposition.verification.workflowStatus = disposition.isHidden ? Verification.newStatus : nil
            if disposition.isHidden, disposition.isApplied {
                disposition.isApplied = false
                disposition.verification.isRecorded = true
                isNew.insert(entry.id)
            }
        } else if !disposition.isApplied, !disposition.isHidden {
            // Stored before the update is sent, because its outcome may never be known.
            disposition.isHidden = true
            isNew.insert(entry.id)
        }
        current[entry.id] = disposition
    }

    /// Whether Security Hub loses the workflow status of a finding by a change: an archived finding that becomes active
    /// loses the status NOTIFIED (Security Hub User Guide, "Setting the workflow status of findings").
    private static func resetsWorkflow(
        _ change: Change, _ known: LedgerEntry?, _ disposition: VerificationDisposition?
    ) -> Bool {
        // A finding whose last change is not confirmed may be in either state.
        let mayBeArchived = known.map { $0.recordState == .archived || !$0.isSent } ?? false
        return mayBeArchived && change.entry.recordState == .active && disposition?.verification.state == .truePositive
    }

    /// The ledger's entries of the findings after the changes.
    package var entries: [LedgerEntry] {
        Array(known.merging(changes.map { ($0.entry.id, $0.entry) }) { _, new in new }.values)
    }

    /// The severity of a finding; nil if it is not known.
    package func severity(of id: String) -> SecurityFinding.Severity.Label? {
        (changes.first { $0.entry.id == id }?.finding ?? known[id]?.asSent)?.severity.label
    }

    /// The dispositions that are not in the store yet.
    package var newDispositions: [Disposition] { isNew.sorted().compactMap { dispositions[$0]?.disposition } }

    /// The pending updates of findings that Security Hub has, by finding id.
    ///
    /// - Parameter isImported: whether the change of a finding, if there is one, is in Security Hub.
    package func updates(where isImported: (String) -> Bool) -> [String: VerificationDisposition] {
        let present = Set(known.keys).union(changes.map(\.entry.id))
        return dispositions.filter { id, disposition in
            !disposition.isApplied && present.contains(id) && !hidden.contains(id) && isImported(id)
        }
    }
}

extension LedgerEntry {
    /// A copy for a finding that Security Hub may not have.
    package var unsent: LedgerEntry {
        var copy = self
        copy.isSent = false
        return copy
    }
}

extension VerificationDisposition {
    /// A copy for a disposition that Security Hub has.
    package var applied: VerificationDisposition {
        var copy = self
        copy.isApplied = true
        // Without a status, the finding keeps its status.
        if let status = verification.workflowStatus { copy.isHidden = status == Verification.suppressedStatus }
        return copy
    }
}

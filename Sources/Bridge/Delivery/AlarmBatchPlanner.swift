import DeviceDefender
import SecurityFindings
import Store

/// What several deliveries say of violations, put together: the changes that follow, whatever their order. A pure value.
struct AlarmBatchPlanner {
    /// What one delivery says.
    enum Said: Sendable {
        /// What happened to an alarm.
        case alarm(Observation)
        /// What somebody found out about one.
        case verification(VerificationDisposition)
        /// An alarm was not raised any more at a time.
        case over(findingID: String, asOf: Timestamp)

        /// The id of the finding that it is about.
        var findingID: String {
            switch self {
            case .alarm(let observation): observation.finding.id
            case .verification(let disposition): disposition.subject
            case .over(let findingID, _): findingID
            }
        }
    }

    typealias Item = (leased: LeasedDelivery, said: Said)

    /// The changes of findings and ledger, one for each finding at most.
    let changes: [Change]
    /// The severities of the findings said of that are in Security Hub as they must be.
    let unchanged: [SecurityFinding.Severity.Label]
    private let known: [String: LedgerEntry]
    private var judged: [String: VerificationDisposition] = [:]
    private var isNew: Set<String> = []

    /// - Parameters:
    ///   - known: what the ledger has under the findings' ids.
    ///   - dispositions: what people said about them before.
    init(_ said: [Said], known: [String: LedgerEntry], dispositions: [String: Disposition], now: Timestamp) {
        self.known = known
        judged = dispositions.compactMapValues { VerificationDisposition($0) }
        var observations: [String: [Observation]] = [:]
        for one in said {
            switch one {
            case .alarm(let observation):
                observations[one.findingID, default: []].append(observation)
                if let verification = observation.verification {
                    Self.fold(verification, isExplicit: false, into: &judged, &isNew)
                }
            case .verification(let disposition): Self.fold(disposition, isExplicit: true, into: &judged, &isNew)
            case .over(let id, let time):
                if let end = known[id].flatMap({ Observation(endOf: $0, asOf: time) }) {
                    observations[id, default: []].append(end)
                }
            }
        }
        var changes: [Change] = []
        let ids = Set(said.map(\.findingID))
        for id in ids {
            let change = Planner.plan(
                observations[id] ?? [], known: known[id], disposition: judged[id]?.disposition, now: now)
            guard let change else { continue }
            changes.append(change)
            guard Self.resets(change, known[id], judged[id]) else { continue }
            judged[id]?.isApplied = false
            isNew.insert(id)
        }
        let changed = Dictionary(changes.map { ($0.entry.id, $0.entry) }) { first, _ in first }
        for id in ids { Self.settle(changed[id] ?? known[id], &judged, &isNew) }
        self.changes = changes
        let sent = Set(changes.filter { $0.finding != nil }.map(\.entry.id))
        unchanged = ids.subtracting(sent).compactMap { id in
            (observations[id]?.last?.finding ?? known[id]?.asSent)?.severity.label
        }
    }

    private static func fold(
        _ disposition: VerificationDisposition, isExplicit: Bool, into judged: inout [String: VerificationDisposition],
        _ isNew: inout Set<String>
    ) {
        let id = disposition.subject
        guard disposition.isNewer(than: judged[id]) else { return }
        var disposition = disposition
        disposition.isHidden = judged[id]?.isHidden ?? false
        // Every finding begins as unknown: an alarm that says so of one that nobody judged says nothing new.
        disposition.isApplied = !isExplicit && judged[id] == nil && disposition.verification.state == .unknown
        judged[id] = disposition
        isNew.insert(id)
    }

    /// Decides on the workflow status that goes with what somebody found out about a finding.
    ///
    /// An alarm that is raised again after it was called a false positive is active, and must not stay hidden: its status
    /// becomes NEW, if it was the bridge that hid it. One that somebody else chose is left alone.
    private static func settle(
        _ entry: LedgerEntry?, _ judged: inout [String: VerificationDisposition], _ isNew: inout Set<String>
    ) {
        guard let entry, var disposition = judged[entry.id], disposition.verification.archives else { return }
        if entry.recordState == .active {
            disposition.verification.workflowStatus = disposition.isHidden ? Verification.newStatus : nil
            if disposition.isHidden, disposition.isApplied {
                disposition.isApplied = false
                disposition.verification.isRecorded = true
                isNew.insert(entry.id)
            }
        } else if !disposition.isApplied, !disposition.isHidden {
            // Kept before it is said: what is said may not be known to have been.
            disposition.isHidden = true
            isNew.insert(entry.id)
        }
        judged[entry.id] = disposition
    }

    /// Whether Security Hub will forget what it was told of a finding: an archived finding that becomes active loses the
    /// workflow status NOTIFIED (Security Hub User Guide, "Setting the workflow status of findings").
    private static func resets(
        _ change: Change, _ known: LedgerEntry?, _ judged: VerificationDisposition?
    ) -> Bool {
        // Of one that was not sent for certain, Security Hub may have either state.
        let mayBeArchived = known.map { $0.recordState == .archived || !$0.isSent } ?? false
        return mayBeArchived && change.entry.recordState == .active && judged?.verification.state == .truePositive
    }

    /// What the ledger has of the findings when the changes are made.
    var entries: [LedgerEntry] {
        Array(known.merging(changes.map { ($0.entry.id, $0.entry) }) { _, new in new }.values)
    }

    /// How grave a finding is; nil if it is not known.
    func severity(of id: String) -> SecurityFinding.Severity.Label? {
        (changes.first { $0.entry.id == id }?.finding ?? known[id]?.asSent)?.severity.label
    }

    /// What people said that the store does not know yet.
    var newDispositions: [Disposition] { isNew.sorted().compactMap { judged[$0]?.disposition } }

    /// What Security Hub is yet to be told about findings that it has, by their ids.
    ///
    /// - Parameter isImported: whether the change of a finding, if there was one, is in Security Hub.
    func updates(where isImported: (String) -> Bool) -> [String: VerificationDisposition] {
        let present = Set(known.keys).union(changes.map(\.entry.id))
        return judged.filter { id, disposition in !disposition.isApplied && present.contains(id) && isImported(id) }
    }
}

extension LedgerEntry {
    /// The same, when it is not known whether Security Hub has it.
    var unsent: LedgerEntry {
        var copy = self
        copy.isSent = false
        return copy
    }
}

extension VerificationDisposition {
    /// The same, with Security Hub told.
    var applied: VerificationDisposition {
        var copy = self
        copy.isApplied = true
        // Without a status, the one that the finding has is left.
        if let status = verification.workflowStatus { copy.isHidden = status == Verification.suppressedStatus }
        return copy
    }
}

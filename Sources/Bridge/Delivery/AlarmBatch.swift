import DeviceDefender
import SecurityFindings
import Store

/// What several deliveries say of violations, put together: the changes that follow, whatever their order. A pure value.
struct AlarmBatch {
    /// What one delivery says.
    enum Said: Sendable {
        /// What happened to an alarm.
        case alarm(Observation)
        /// What somebody found out about one.
        case verification(VerificationJudgement)
        /// An alarm was not raised any more at a time.
        case over(findingID: String, asOf: Timestamp)

        /// The id of the finding that it is about.
        var findingID: String {
            switch self {
            case .alarm(let observation): observation.finding.id
            case .verification(let judgement): judgement.subject
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
    private var judged: [String: VerificationJudgement] = [:]
    private var isNew: Set<String> = []

    /// - Parameters:
    ///   - known: what the ledger has under the findings' ids.
    ///   - judgements: what people said about them before.
    init(_ said: [Said], known: [String: LedgerEntry], judgements: [String: Judgement], now: Timestamp) {
        self.known = known
        judged = judgements.compactMapValues { VerificationJudgement($0) }
        var observations: [String: [Observation]] = [:]
        for one in said {
            switch one {
            case .alarm(let observation):
                observations[one.findingID, default: []].append(observation)
                if let verification = observation.verification {
                    Self.fold(verification, isExplicit: false, into: &judged, &isNew)
                }
            case .verification(let judgement): Self.fold(judgement, isExplicit: true, into: &judged, &isNew)
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
                observations[id] ?? [], known: known[id], judgement: judged[id]?.judgement, now: now)
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
        _ judgement: VerificationJudgement, isExplicit: Bool, into judged: inout [String: VerificationJudgement],
        _ isNew: inout Set<String>
    ) {
        let id = judgement.subject
        guard judgement.isNewer(than: judged[id]) else { return }
        var judgement = judgement
        judgement.isHidden = judged[id]?.isHidden ?? false
        // Every finding begins as unknown: an alarm that says so of one that nobody judged says nothing new.
        judgement.isApplied = !isExplicit && judged[id] == nil && judgement.verification.state == .unknown
        judged[id] = judgement
        isNew.insert(id)
    }

    /// Decides on the workflow status that goes with what somebody found out about a finding.
    ///
    /// An alarm that is raised again after it was called a false positive is active, and must not stay hidden: its status
    /// becomes NEW, if it was the bridge that hid it. One that somebody else chose is left alone.
    private static func settle(
        _ entry: LedgerEntry?, _ judged: inout [String: VerificationJudgement], _ isNew: inout Set<String>
    ) {
        guard let entry, var judgement = judged[entry.id], judgement.verification.archives else { return }
        if entry.recordState == .active {
            judgement.verification.workflowStatus = judgement.isHidden ? Verification.newStatus : nil
            if judgement.isHidden, judgement.isApplied {
                judgement.isApplied = false
                judgement.verification.isTold = true
                isNew.insert(entry.id)
            }
        } else if !judgement.isApplied, !judgement.isHidden {
            // Kept before it is said: what is said may not be known to have been.
            judgement.isHidden = true
            isNew.insert(entry.id)
        }
        judged[entry.id] = judgement
    }

    /// Whether Security Hub will forget what it was told of a finding: an archived finding that becomes active loses the
    /// workflow status NOTIFIED (Security Hub User Guide, "Setting the workflow status of findings").
    private static func resets(
        _ change: Change, _ known: LedgerEntry?, _ judged: VerificationJudgement?
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
    var newJudgements: [Judgement] { isNew.sorted().compactMap { judged[$0]?.judgement } }

    /// What Security Hub is yet to be told about findings that it has, by their ids.
    ///
    /// - Parameter isImported: whether the change of a finding, if there was one, is in Security Hub.
    func updates(where isImported: (String) -> Bool) -> [String: VerificationJudgement] {
        let present = Set(known.keys).union(changes.map(\.entry.id))
        return judged.filter { id, judgement in !judgement.isApplied && present.contains(id) && isImported(id) }
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

extension VerificationJudgement {
    /// The same, with Security Hub told.
    var applied: VerificationJudgement {
        var copy = self
        copy.isApplied = true
        // Without a status, the one that the finding has is left.
        if let status = verification.workflowStatus { copy.isHidden = status == Verification.suppressedStatus }
        return copy
    }
}

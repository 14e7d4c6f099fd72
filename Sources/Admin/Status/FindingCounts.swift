import Processing
import Store

/// Counts the results for the findings of one delivery. A pure value.
struct FindingCounts: Sendable, Hashable {
    private var counts: [FindingResult: Int] = [:]
    private var first: String?
    /// The severity of the most severe finding that was counted; nil if none is known.
    private(set) var severity: LedgerEntry.Severity?

    /// Number of findings sent to Security Hub.
    var sent: Int {
        counts.reduce(0) { [.unchanged, .filtered, .rejected].contains($1.key) ? $0 : $0 + $1.value }
    }

    /// The finding, if there is exactly one.
    var onlyFindingID: String? { counts.values.reduce(0, +) == 1 ? first : nil }

    /// The outcome of the delivery: that of the most notable result, new findings first.
    var outcome: DeliveryEvent.Outcome {
        if counts[.imported] != nil { return .imported }
        if counts[.updated] != nil { return .updated }
        if counts[.archived] != nil { return .archived }
        if counts[.workflowUpdated] != nil { return .workflowUpdated }
        return counts[.unchanged] == nil && counts[.filtered] != nil ? .filtered : .unchanged
    }

    /// Counts the result for a finding.
    mutating func add(_ result: FindingResult, _ findingID: String, _ severity: LedgerEntry.Severity? = nil) {
        let order = LedgerEntry.Severity.allCases
        self.severity = order.first { $0 == severity || $0 == self.severity }
        counts[result, default: 0] += 1
        first = first ?? findingID
    }
}

/// What became of the findings of one delivery, as far as it has been worked on. A pure value.
struct FindingCounts: Sendable, Hashable {
    private var counts: [FindingResult: Int] = [:]
    private var first: String?

    /// How many findings Security Hub was told of.
    var sent: Int { counts.reduce(0) { $1.key == .unchanged || $1.key == .rejected ? $0 : $0 + $1.value } }

    /// The finding, if there was only one.
    var onlyFindingID: String? { counts.values.reduce(0, +) == 1 ? first : nil }

    /// The word for all of them together: what is new first.
    var outcome: DeliveryEvent.Outcome {
        if counts[.imported] != nil { return .imported }
        if counts[.updated] != nil { return .updated }
        if counts[.archived] != nil { return .archived }
        return counts[.workflowUpdated] == nil ? .unchanged : .workflowUpdated
    }

    /// Adds a finding.
    mutating func add(_ result: FindingResult, _ findingID: String) {
        counts[result, default: 0] += 1
        first = first ?? findingID
    }
}

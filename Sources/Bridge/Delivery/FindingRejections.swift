import AWSCore

/// Why findings of one delivery could not be brought to Security Hub: how many, and of the first the reason.
struct FindingRejections: Sendable, Hashable {
    private(set) var count = 0
    private(set) var first: String?

    init(count: Int = 0, first: String? = nil) {
        self.count = count
        self.first = first
    }

    mutating func add(_ id: String, _ reason: String) {
        count = count.saturatingAdding(1)
        first = first ?? "\(id): \(reason)"
    }

    mutating func add(_ other: FindingRejections) {
        count = count.saturatingAdding(other.count)
        first = first ?? other.first
    }

    /// Adds those among some outcomes that are final.
    ///
    /// - Throws: ``SendError`` if any may still be taken.
    mutating func add(_ outcomes: [String: SendOutcome]) throws(SendError) {
        for case .accessDenied(let reason) in outcomes.values { throw SendError(description: reason, isDenial: true) }
        for case .interrupted(let reason) in outcomes.values {
            throw SendError(description: reason, isInterruption: true)
        }
        for case .retryable(let reason) in outcomes.values { throw SendError(description: reason) }
        for (id, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
            if case .rejected(let reason) = outcome { add(id, reason) }
        }
    }

    /// What became of the delivery.
    var outcome: SendOutcome {
        guard let first else { return .imported }
        return .rejected(count > 1 ? "\(first) (and \(count.saturatingSubtracting(1)) more findings)" : first)
    }
}

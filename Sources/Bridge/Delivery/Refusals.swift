import AWSCore

/// Why findings of one delivery could not be brought to Security Hub: how many, and of the first the reason.
struct Refusals: Sendable, Hashable {
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

    mutating func add(_ other: Refusals) {
        count = count.saturatingAdding(other.count)
        first = first ?? other.first
    }

    /// Adds those among some outcomes that are final.
    ///
    /// - Throws: ``SendFailure`` if any may still be taken.
    mutating func add(_ outcomes: [String: SendOutcome]) throws(SendFailure) {
        for case .denied(let reason) in outcomes.values { throw SendFailure(description: reason, isDenial: true) }
        for case .interrupted(let reason) in outcomes.values {
            throw SendFailure(description: reason, isInterruption: true)
        }
        for case .failed(let reason) in outcomes.values { throw SendFailure(description: reason) }
        for (id, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
            if case .refused(let reason) = outcome { add(id, reason) }
        }
    }

    /// What became of the delivery.
    var outcome: SendOutcome {
        guard let first else { return .imported }
        return .refused(count > 1 ? "\(first) (and \(count.saturatingSubtracting(1)) more findings)" : first)
    }
}

import Encoding

/// The findings of one delivery that cannot be imported: their number, and the reason of the first.
package struct FindingRejections: Sendable, Hashable {
    /// The number of findings.
    package private(set) var count = 0
    /// The id of the first finding and the reason; nil if there is none.
    package private(set) var first: String?

    /// Creates a list; without arguments, an empty one.
    package init(count: Int = 0, first: String? = nil) {
        self.count = count
        self.first = first
    }

    /// Adds a finding.
    package mutating func add(_ id: String, _ reason: String) {
        count = count.saturatingAdding(1)
        first = first ?? "\(id): \(reason)"
    }

    /// Adds the findings of another list.
    package mutating func add(_ other: FindingRejections) {
        count = count.saturatingAdding(other.count)
        first = first ?? other.first
    }

    /// Adds the rejected findings among some outcomes.
    ///
    /// - Throws: ``SendError`` if any of the findings can be sent later.
    package mutating func add(_ outcomes: [String: SendOutcome]) throws(SendError) {
        for case .accessDenied(let reason) in outcomes.values { throw SendError(description: reason, isDenial: true) }
        for case .interrupted(let reason) in outcomes.values {
            throw SendError(description: reason, isInterruption: true)
        }
        for case .retryable(let reason) in outcomes.values { throw SendError(description: reason) }
        for (id, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
            if case .rejected(let reason) = outcome { add(id, reason) }
        }
    }

    /// The outcome of the delivery.
    package var outcome: SendOutcome {
        guard let first else { return .imported }
        return .rejected(count > 1 ? "\(first) (and \(count.saturatingSubtracting(1)) more)" : first)
    }
}

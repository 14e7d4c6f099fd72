import DequeModule

/// Injected faults, by operation.
struct FaultPlan {
    private var faults: [LocalAWS.Operation: Deque<ServiceError>] = [:]

    /// Makes the next calls of an operation fail, after the faults added earlier.
    mutating func add(_ error: ServiceError, count: Int, to operation: LocalAWS.Operation) {
        faults[operation, default: []].append(contentsOf: repeatElement(error, count: max(0, count)))
    }

    /// Removes and returns the next fault of an operation; nil if there is none.
    mutating func next(for operation: LocalAWS.Operation) -> ServiceError? { faults[operation]?.popFirst() }
}

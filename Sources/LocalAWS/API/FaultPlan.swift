/// The answers that are going to fail on request.
struct FaultPlan {
    private var faults: [LocalAWS.Operation: [ServiceError]] = [:]

    /// Has the next answers of an operation fail, behind those that were asked for before.
    mutating func add(_ error: ServiceError, count: Int, to operation: LocalAWS.Operation) {
        faults[operation, default: []].append(contentsOf: repeatElement(error, count: max(0, count)))
    }

    /// The failure that is due, if there is one.
    mutating func next(for operation: LocalAWS.Operation) -> ServiceError? {
        guard let queue = faults[operation], let first = queue.first else { return nil }
        faults[operation] = Array(queue.dropFirst())
        return first
    }
}

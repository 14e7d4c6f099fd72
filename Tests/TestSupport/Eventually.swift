/// Looks again and again until a condition holds.
///
/// - Parameters:
///   - what: what is waited for, for the failure.
///   - limit: generous; it only ends what would never end. Of the time between two looks a second counts at most: on a
///     busy machine the waiting test may not get to look for long.
///   - look: gives what is seen now.
///   - matches: whether that is what is waited for.
/// - Returns: what was seen when the condition held.
/// - Throws: ``TimeoutError`` with what was seen last; what the closures throw; `CancellationError`.
@discardableResult
public func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(30), _ look: () async throws -> Value,
    is matches: (Value) throws -> Bool
) async throws -> Value {
    var waited = Duration.zero
    while true {
        let start = ContinuousClock.now
        let seen = try await look()
        if try matches(seen) { return seen }
        guard waited < limit else { throw TimeoutError(what: what, limit: limit, seen: "\(seen)") }
        // Without a pause, a test that waits would take the processor from what it waits for.
        try await Task.sleep(for: .milliseconds(5))
        waited += min(ContinuousClock.now - start, .seconds(1))
    }
}

/// Looks again and again until a condition holds.
///
/// - Parameters:
///   - what: what is waited for, for the failure.
///   - condition: whether it has come.
/// - Throws: ``TimeoutError``; what the condition throws; `CancellationError`.
public func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    try await eventually(what, condition) { $0 }
}

/// What was waited for did not come.
public struct TimeoutError: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    let seen: String

    /// The failure in words.
    public var description: String { "waited \(limit) in vain for \(what); last seen: \(seen.prefix(4000))" }
}

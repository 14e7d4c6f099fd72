import Encoding

/// Polls a value until it meets a condition.
///
/// - Parameters:
///   - what: what is awaited, for the failure message.
///   - limit: the time limit, generous because it only ends waits that would never end. The time between two polls
///     counts at most one second: on a busy machine, the test may not run for long.
///   - probe: returns the current value.
///   - matches: whether the value meets the condition.
/// - Returns: the value that met the condition.
/// - Throws: ``TimeoutError`` with the last value; the errors of the closures; `CancellationError`.
@discardableResult
public func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(30), _ probe: () async throws -> Value,
    is matches: (Value) throws -> Bool
) async throws -> Value {
    var waited = Duration.zero
    while true {
        let start = ContinuousClock.now
        let value = try await probe()
        if try matches(value) { return value }
        guard waited < limit else { throw TimeoutError(what: what, limit: limit, value: "\(value)") }
        // Without a pause, a waiting test would take CPU time from what it waits for.
        try await Task.sleep(for: .milliseconds(5))
        waited += min(ContinuousClock.now - start, .seconds(1))
    }
}

/// Polls a condition until it holds.
///
/// - Parameters:
///   - what: what is awaited, for the failure message.
///   - condition: the condition.
/// - Throws: ``TimeoutError``; the error of the condition; `CancellationError`.
public func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    try await eventually(what, condition) { $0 }
}

/// A condition was not met within the time limit.
public struct TimeoutError: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    let value: String

    /// The time limit, what was awaited, and the last value.
    public var description: String { "timed out after \(limit) waiting for \(what); last value: \(value.prefix(4000))" }
}

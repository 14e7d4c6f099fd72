/// Runs a body and then a cleanup, which also runs when the body throws.
///
/// - Parameters:
///   - body: what needs the cleanup.
///   - cleanup: releases what the body uses; called once.
/// - Returns: what the body returns.
/// - Throws: the body's error, otherwise the cleanup's.
public func withCleanup<Value, Failure: Error>(
    _ body: () async throws(Failure) -> Value,
    cleanup: () async throws(Failure) -> Void
) async throws(Failure) -> Value {
    let value: Value
    do {
        value = try await body()
    } catch {
        try? await cleanup()
        throw error
    }
    try await cleanup()
    return value
}

/// What must be released in reverse order of its acquisition.
public struct CleanupStack: Sendable {
    private var steps: [@Sendable () async -> Void] = []

    /// Makes an empty stack.
    public init() {}

    /// Adds a step, which runs before all earlier ones.
    public mutating func add(_ step: @escaping @Sendable () async -> Void) { steps.append(step) }

    /// Runs all steps, the last added one first, and removes them.
    public mutating func run() async {
        while let step = steps.popLast() { await step() }
    }
}

public import EventLoop

/// Runs a test's body with an event loop of its own, and shuts the loop down.
///
/// - Throws: the body's error, or else ``HandlesLeftOpen``.
public func withEventLoop(_ body: (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(name: "test")
    try await withCleanup {
        try await body(loop)
    } cleanup: {
        let count = await loop.shutdown()
        guard count == 0 else { throw OpenHandlesError(count: count) }
    }
}

/// A test left timers, streams or other handles open on its loop.
public struct OpenHandlesError: Error, CustomStringConvertible {
    let count: Int

    /// The failure in words.
    public var description: String { "handles were left open: \(count)" }
}

import Encoding
public import EventLoop

/// Runs a test with its own event loop, and shuts the loop down.
///
/// - Throws: the body's error, otherwise ``OpenHandlesError``.
public func withEventLoop(_ body: (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(name: "test")
    try await withCleanup {
        try await body(loop)
    } cleanup: {
        let count = await loop.shutdown()
        guard count == 0 else { throw OpenHandlesError(count: count) }
    }
}

/// A test left timers, streams or other handles open on its event loop.
public struct OpenHandlesError: Error, CustomStringConvertible {
    let count: Int

    /// The number of handles.
    public var description: String { "\(count) handles were left open" }
}

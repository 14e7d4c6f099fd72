import Foundation

/// Makes a blocking call on a thread of its own: tasks run on few threads, and none of them may wait.
///
/// - Parameter body: what may block.
/// - Returns: what the body returns.
/// - Throws: what the body throws.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

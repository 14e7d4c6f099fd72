import Foundation

/// Runs a blocking body on its own thread: tasks share few threads, which must not block.
///
/// - Parameter body: the blocking code.
/// - Returns: the result of the body.
/// - Throws: the error of the body.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

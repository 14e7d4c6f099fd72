import Encoding

/// Runs a body and then a cleanup, which runs also when the body throws.
///
/// - Parameters:
///   - body: the code under test.
///   - cleanup: releases what the body uses; called once.
/// - Throws: the body's error, otherwise the cleanup's.
public func withCleanup(_ body: () async throws -> Void, cleanup: () async throws -> Void) async throws {
    do {
        try await body()
    } catch {
        try? await cleanup()
        throw error
    }
    try await cleanup()
}

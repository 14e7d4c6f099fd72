/// Runs a body, and behind it what ends it, whether the body failed or not.
///
/// - Parameters:
///   - body: what is tried.
///   - end: what is done in any case.
/// - Throws: the body's error, or else the end's.
public func perform(_ body: () async throws -> Void, finally end: () async throws -> Void) async throws {
    do {
        try await body()
    } catch {
        try? await end()
        throw error
    }
    try await end()
}

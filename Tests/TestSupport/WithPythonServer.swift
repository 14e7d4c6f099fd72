import Encoding

/// Runs a test alongside a Python program that serves until its input ends.
///
/// - Parameters:
///   - script: the source code.
///   - arguments: its arguments.
///   - body: receives the first line of the output, such as the port of the server.
/// - Throws: the body's error, otherwise ``ProgramTimeoutError``.
public func withPythonServer(
    _ script: String, _ arguments: [String] = [], _ body: (_ firstLine: String) async throws -> Void
) async throws {
    // Just before a two-minute time limit would end the test without a reason.
    let server = try PythonProcess(script, arguments, within: .seconds(115))
    try await withCleanup {
        try await body(try await onThread { try server.readLine() })
    } cleanup: {
        _ = try await onThread { try server.end() }
    }
}

/// Runs a test beside a Python program that serves until its input ends.
///
/// - Parameters:
///   - script: the program's text.
///   - arguments: its arguments.
///   - body: gets the line that the program writes first, such as the port that it listens on.
/// - Throws: the body's error, or else ``ProgramOverdueError``.
public func withPythonServer(
    _ script: String, _ arguments: [String] = [], _ body: (_ firstLine: String) async throws -> Void
) async throws {
    // Just before a time limit of two minutes ends the test with no reason given.
    let server = try PythonProcess(script, arguments, within: .seconds(115))
    try await withCleanup {
        try await body(try await onThread { try server.readLine() })
    } cleanup: {
        _ = try await onThread { try server.end() }
    }
}

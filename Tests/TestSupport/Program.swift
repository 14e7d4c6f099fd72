import Foundation

/// A system program that has run to its end.
public struct Program: Sendable {
    /// The exit status, or the number of the signal that ended the program.
    public let status: Int32
    /// The bytes of its standard output.
    public let output: [UInt8]
    /// The text of its standard error.
    public let errors: String

    /// Its standard output as text.
    public var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs a program to its end.
    ///
    /// Its standard streams are files: no pipe can fill up, and no grandchild can keep one open.
    ///
    /// - Parameters:
    ///   - arguments: the program, found on the search path unless it is a path, and its arguments.
    ///   - environment: changes to this process's environment; nil removes a variable.
    ///   - input: its standard input.
    ///   - limit: when it is killed; by default just before a one-minute time limit would end the test without a
    ///     reason.
    /// - Throws: ``ProgramTimeoutError``, or an error of Foundation if the program cannot be started.
    public static func run(
        _ arguments: [String], environment: [String: String?] = [:], input: [UInt8] = [],
        within limit: Duration = .seconds(55)
    ) async throws -> Program {
        try await onThread {
            let folder = try TemporaryFolder()
            let inputFile = try folder.write(input, as: "input")
            let outputs = try ["output", "errors"].map { try folder.write([], as: $0) }
            let process = try WatchedProcess(arguments, environment: environment, within: limit) { process in
                process.standardInput = try FileHandle(forReadingFrom: URL(filePath: inputFile))
                process.standardOutput = try FileHandle(forWritingTo: URL(filePath: outputs[0]))
                process.standardError = try FileHandle(forWritingTo: URL(filePath: outputs[1]))
            }
            return Program(
                status: try process.waitForEnd(), output: try folder.read("output"),
                errors: String(decoding: try folder.read("errors"), as: UTF8.self))
        }
    }

    /// Runs Python, which must succeed; returns its standard output.
    ///
    /// - Throws: ``ProgramError``, and the errors of ``run(_:environment:input:within:)``.
    public static func python(
        _ script: String, _ arguments: [String] = [], input: [UInt8] = []
    ) async throws -> String {
        try await run(["python3", "-c", script] + arguments, input: input).checked("python3").text
    }

    /// Runs OpenSSL's command line to its end, which must be a good one; gives what it wrote.
    ///
    /// - Throws: ``ProgramError``, and what ``run(_:environment:input:within:)`` throws.
    @discardableResult
    public static func openssl(_ arguments: [String]) async throws -> String {
        try await run(["openssl"] + arguments).checked("openssl \(arguments.first ?? "")").text
    }

    func checked(_ name: String) throws(ProgramError) -> Program {
        guard status == 0 else { throw ProgramError(name: name, status: status, errors: errors) }
        return self
    }
}

/// A program ended with an exit status other than 0.
public struct ProgramError: Error, CustomStringConvertible {
    let name: String
    let status: Int32
    let errors: String

    /// The program, its status and its error output.
    public var description: String { "\(name) ended with \(status): \(errors.suffix(4000))" }
}

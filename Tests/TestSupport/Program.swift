import Foundation

/// A program of the system that ran to its end.
public struct Program: Sendable {
    /// The exit status, or the number of the signal that ended the program.
    public let status: Int32
    /// What it wrote to its standard output.
    public let output: [UInt8]
    /// What it wrote to its standard error.
    public let errors: String

    /// What it wrote to its standard output, as text.
    public var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs a program to its end.
    ///
    /// Files stand for its input and outputs: no pipe can be full, and no grandchild keep one open.
    ///
    /// - Parameters:
    ///   - arguments: the program, found on the search path unless it is a path, and its arguments.
    ///   - environment: what is changed in this process's own environment; nil takes a variable out.
    ///   - input: what the program reads.
    ///   - limit: when it is killed; by default, just before a time limit of a minute ends the test with no reason given.
    /// - Throws: ``ProgramOverdueError``, or an error of Foundation's when the program cannot be started.
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

    /// Runs Python to its end, which must be a good one; gives what it wrote.
    ///
    /// - Throws: ``ProgramError``, and what ``run(_:environment:input:within:)`` throws.
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

/// A program ended with another exit status than 0.
public struct ProgramError: Error, CustomStringConvertible {
    let name: String
    let status: Int32
    let errors: String

    /// The failure in words.
    public var description: String { "\(name) ended with \(status): \(errors.suffix(4000))" }
}

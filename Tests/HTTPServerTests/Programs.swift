import Foundation
import Testing

/// A program of the system, found on the search path, that a test talks to.
struct Program {
    let status: Int32
    let output: [UInt8]
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs a program to its end. Blocks: to be called on a thread that may wait.
    ///
    /// - Parameter input: what the program reads; it is given by a file, so that no pipe can be full.
    init(_ arguments: [String], input: [UInt8] = []) throws {
        let directory = try TemporaryDirectory()
        let inputFile = try directory.write(input, as: "input")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: inputFile))
        let errorFile = try directory.write([], as: "errors")
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorFile))
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        output = Array(pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        status = process.terminationStatus
        errors = String(decoding: try directory.read("errors"), as: UTF8.self)
    }

    /// Runs a program on a thread of its own.
    static func run(_ arguments: [String], input: [UInt8] = []) async throws -> Program {
        try await onThread { try Program(arguments, input: input) }
    }

    /// Runs Python, and checks that it ended well.
    static func python(_ script: String, _ arguments: [String] = [], input: [UInt8] = []) async throws -> String {
        let program = try await run(["python3", "-c", script] + arguments, input: input)
        try #require(program.status == 0, "\(program.errors)")
        return program.text
    }
}

/// A directory for one test's files, removed with this object.
final class TemporaryDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "http-server-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file and gives its path.
    func write(_ bytes: [UInt8], as name: String) throws -> String {
        let file = url.appending(path: name)
        try Data(bytes).write(to: file)
        return file.path
    }

    func read(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: url.appending(path: name))) }
}

/// Blocking calls need a thread that is not one of the few that tasks run on.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

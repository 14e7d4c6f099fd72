import Foundation
import Synchronization
import TestSupport
import Testing

/// A child process whose output is collected line by line.
final class RunningProgram: Sendable {
    /// How a program ended.
    struct Exit: Sendable, Hashable {
        /// The exit code, or the number of the signal that ended it.
        let status: Int32
        let wasKilled: Bool
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        private let end = Mutex<ContinuousClock.Instant?>(nil)

        var all: [String] { lines.withLock { $0 } }
        /// When the end was reached; nil before.
        var endedAt: ContinuousClock.Instant? { end.withLock { $0 } }

        /// Reads to the end on its own thread.
        func read(_ handle: FileHandle) {
            Thread.detachNewThread { [self] in
                var rest: [UInt8] = []
                while case let data = handle.availableData, !data.isEmpty {
                    rest += data
                    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                        let line = String(decoding: rest[..<end], as: UTF8.self)
                        rest.removeFirst(end + 1)
                        lines.withLock { $0.append(line) }
                    }
                }
                if !rest.isEmpty { lines.withLock { [rest] in $0.append(String(decoding: rest, as: UTF8.self)) } }
                end.withLock { $0 = .now }
            }
        }
    }

    private let process: Process
    private let output = Lines()
    private let errors = Lines()
    private let ending = Mutex<(exit: Exit, at: ContinuousClock.Instant)?>(nil)
    private let lastSignal = Mutex<ContinuousClock.Instant?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: the program, found on the search path unless it is a path, and its arguments.
    ///   - environment: its environment, in addition to `PATH`, `HOME`, `TMPDIR` and the interpreter's own settings.
    ///   - input: a file for its standard input; nil for an empty one.
    init(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws {
        let process = Process()
        self.process = process
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let own = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "TMPDIR", "PYENV_VERSION"].contains($0.key)
        }
        process.environment = own.merging(environment) { _, last in last }
        process.standardInput =
            try input.map { try FileHandle(forReadingFrom: URL(filePath: $0)) } ?? FileHandle.nullDevice
        process.terminationHandler = { [weak self] process in
            let exit = Exit(
                status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal)
            self?.ending.withLock { $0 = (exit, .now) }
        }
        let (outputPipe, errorPipe) = try ProcessLaunch.alone {
            let (outputPipe, errorPipe) = (Pipe(), Pipe())
            process.standardOutput = outputPipe
            process.standardError = errorPipe
            try process.run()
            return (outputPipe, errorPipe)
        }
        output.read(outputPipe.fileHandleForReading)
        errors.read(errorPipe.fileHandleForReading)
    }

    /// The process id.
    var identifier: Int32 { process.processIdentifier }
    /// The lines that it has written to standard output so far.
    var outputLines: [String] { output.all }
    /// The lines that it has written to standard error so far.
    var errorLines: [String] { errors.all }
    /// How it ended; nil while it runs or its output is still being read.
    var exit: Exit? { end?.exit }

    /// How and when it ended, together with its output. Threads of their own note it: a test that computes for long can
    /// keep all others from running, so that they see it late.
    private var end: (exit: Exit, at: ContinuousClock.Instant)? {
        guard let outputEnd = output.endedAt, let errorEnd = errors.endedAt, let ending = ending.withLock({ $0 }) else {
            return nil
        }
        return (ending.exit, max(ending.at, outputEnd, errorEnd))
    }

    /// Sends a signal, unless it has ended. SIGKILL also goes to its children.
    func signal(_ signal: Int32) {
        guard process.isRunning else { return }
        lastSignal.withLock { $0 = .now }
        // Foundation gives each process its own group.
        kill(signal == SIGKILL ? -process.processIdentifier : process.processIdentifier, signal)
    }

    /// Waits for its end.
    ///
    /// - Returns: how it ended, and how long that took from the last signal that it was sent, otherwise from now on.
    @discardableResult
    func waitForExit(within limit: Duration = .seconds(30)) async throws -> (exit: Exit, time: Duration) {
        let start = lastSignal.withLock { $0 } ?? .now
        try await eventually("the end of \(process.arguments ?? [])", within: limit) {
            exit == nil ? errorLines.suffix(10).joined(separator: "\n") : nil
        } is: {
            $0 == nil
        }
        let end = try #require(end)
        return (end.exit, end.at - start)
    }

    /// Runs a program to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        within limit: Duration = .seconds(60)
    ) async throws -> RunningProgram {
        let program = try RunningProgram(arguments, environment: environment, input: input)
        do {
            try await program.waitForExit(within: limit)
        } catch {
            program.signal(SIGKILL)
            throw error
        }
        return program
    }

    /// Runs Python, checks that it exits with 0, and returns its output.
    @discardableResult
    static func python(_ arguments: [String], environment: [String: String] = [:]) async throws -> [String] {
        let program = try await run(["python3"] + arguments, environment: environment)
        try #require(
            program.exit == Exit(status: 0, wasKilled: false), "\(program.errorLines.joined(separator: "\n"))")
        return program.outputLines
    }
}

/// Paths of the package and its programs.
enum Paths {
    /// The program under test: that of the release build if Tests/scripts/test.sh names it, otherwise the one next to the test bundle.
    static let program =
        ProcessInfo.processInfo.environment["DEFENDER_BRIDGE_RELEASE_PROGRAM"]
        ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "defender-bridge").path

    /// A file of the package.
    static func inPackage(_ path: String) -> String { Repository.file(path).path }
}

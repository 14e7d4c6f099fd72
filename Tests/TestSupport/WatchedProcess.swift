import Foundation
import Synchronization

/// A process that is killed, with its children, if it does not end by its deadline. The calls block: run them on their
/// own thread.
final class WatchedProcess: Sendable {
    private let arguments: [String]
    private let limit: Duration
    private let ended = DispatchGroup()
    private let status = Atomic<Int32>(0)
    private let isOverdue = Atomic(false)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: the program, found on the search path unless it is a path, and its arguments.
    ///   - environment: changes to this process's environment; nil removes a variable.
    ///   - limit: the maximum run time.
    ///   - connect: sets the standard streams.
    init(
        _ arguments: [String], environment: [String: String?] = [:], within limit: Duration,
        connecting connect: (Process) throws -> Void
    ) throws {
        self.arguments = arguments
        self.limit = limit
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        ended.enter()
        process.terminationHandler = { [self] process in
            status.store(process.terminationStatus, ordering: .releasing)
            ended.leave()
        }
        do {
            try ProcessLaunch.alone {
                try connect(process)
                try process.run()
            }
        } catch {
            ended.leave()
            throw error
        }
        Thread.detachNewThread { [self] in
            let time = DispatchTime.now() + .seconds(Int(limit.components.seconds))
            guard ended.wait(timeout: time) == .timedOut else { return }
            isOverdue.store(true, ordering: .releasing)
            // Foundation gives each process its own group, and detects its end only when its children have ended, too.
            kill(-process.processIdentifier, SIGKILL)
        }
    }

    /// Checks whether the program had to be killed.
    ///
    /// - Throws: ``ProgramTimeoutError`` if it was.
    func checkDeadline() throws(ProgramTimeoutError) {
        if isOverdue.load(ordering: .acquiring) { throw ProgramTimeoutError(arguments: arguments, limit: limit) }
    }

    /// Waits for the end; returns the exit status, or the number of the signal that ended the program.
    ///
    /// - Throws: ``ProgramTimeoutError`` if the program had to be killed.
    func waitForEnd() throws(ProgramTimeoutError) -> Int32 {
        ended.wait()
        try checkDeadline()
        return status.load(ordering: .acquiring)
    }
}

/// A program did not end by its deadline and was killed.
public struct ProgramTimeoutError: Error, CustomStringConvertible {
    let arguments: [String]
    let limit: Duration

    /// The time limit and the command.
    public var description: String { "killed after \(limit): \(arguments.joined(separator: " ").prefix(1000))" }
}

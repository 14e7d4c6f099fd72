import Foundation

/// A Python program that runs alongside a test and communicates with it by its standard streams. The calls block: run
/// them on their own thread.
public final class PythonProcess: Sendable {
    private let process: WatchedProcess
    private let input: Pipe
    private let output: Pipe

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - script: the source code.
    ///   - arguments: its arguments.
    ///   - limit: when it is killed, which also ends its output.
    public init(_ script: String, _ arguments: [String] = [], within limit: Duration = .seconds(55)) throws {
        // Writing to a program that has ended must fail instead of ending the test process.
        signal(SIGPIPE, SIG_IGN)
        (process, input, output) = try ProcessLaunch.alone {
            let (input, output) = (Pipe(), Pipe())
            let process = try WatchedProcess(["python3", "-c", script] + arguments, within: limit) { process in
                process.standardInput = input
                process.standardOutput = output
            }
            return (process, input, output)
        }
    }

    /// Reads exactly `count` bytes, or fewer if the output ends.
    public func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count,
            let more = try output.fileHandleForReading.read(upToCount: count - bytes.count), !more.isEmpty
        {
            bytes += more
        }
        return bytes
    }

    /// Reads a line; returns it without its line feed.
    ///
    /// - Throws: ``ProgramTimeoutError`` or ``ProgramError`` if the output ends before the line does.
    public func readLine() throws -> String {
        var line: [UInt8] = []
        while let byte = try read(1).first {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        throw ProgramError(name: "python3", status: try end(), errors: "the output ended before the end of a line")
    }

    /// Writes to the program's standard input.
    ///
    /// - Throws: ``ProgramTimeoutError`` if the program was killed; Foundation's error if it has ended otherwise.
    public func write(_ bytes: [UInt8]) throws {
        do {
            try input.fileHandleForWriting.write(contentsOf: Data(bytes))
        } catch {
            try process.checkDeadline()
            throw error
        }
    }

    /// Closes the program's standard input and waits for its end; returns its exit status.
    ///
    /// - Throws: ``ProgramTimeoutError`` if it had to be killed.
    @discardableResult
    public func end() throws -> Int32 {
        try input.fileHandleForWriting.close()
        return try process.waitForEnd()
    }
}

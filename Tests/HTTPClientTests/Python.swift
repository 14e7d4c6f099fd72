import Foundation

/// Runs a Python program to its end, with a text as its input; gives what it wrote.
func python(_ program: String, input: String) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program]
    let toProcess = Pipe()
    let output = Pipe()
    process.standardInput = toProcess
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try toProcess.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try toProcess.fileHandleForWriting.close()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
}

/// A Python program that runs until its input ends, and first writes a line.
final class PythonServer {
    let firstLine: String
    private let process = Process()
    private let input = Pipe()

    init(_ program: String, arguments: [String] = []) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program] + arguments
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            line.append(byte)
        }
        firstLine = String(decoding: line, as: UTF8.self)
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

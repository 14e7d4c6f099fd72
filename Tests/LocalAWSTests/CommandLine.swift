import Foundation

/// Runs a program found on the search path to its end, without holding up the tasks of other tests; gives its exit status
/// and what it wrote to both outputs.
///
/// - Parameter environment: what is changed in this process's own environment; nil takes a variable out.
func run(
    _ arguments: [String], environment: [String: String?] = [:]
) async throws -> (status: Int32, output: [UInt8]) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    for (name, value) in environment { variables[name] = value }
    process.environment = variables
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    return await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            continuation.resume(returning: (process.terminationStatus, Array(bytes)))
        }
    }
}

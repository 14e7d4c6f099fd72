import Foundation

/// Resource usage of a process, from `/proc`.
struct ProcessUsage {
    /// Resident memory, in bytes.
    let resident: Int
    /// Peak resident memory, in bytes.
    let peak: Int
    /// CPU time in user and kernel mode, in seconds.
    let processorTime: Double

    /// Reads the usage of a process.
    ///
    /// - Throws: ``BenchmarkError`` if there is no such process.
    init(of process: Int32) throws {
        let status = try Self.read("status", process).split(separator: "\n")
        func bytes(_ name: String) throws -> Int {
            let line = status.first { $0.hasPrefix("\(name):") }
            guard let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
            else {
                throw BenchmarkError(description: "/proc has no \(name) of the bridge: it has ended")
            }
            return kilobytes * 1024
        }
        resident = try bytes("VmRSS")
        peak = try bytes("VmHWM")
        // The second field is the program's name in parentheses, and may hold anything.
        let fields = try Self.read("stat", process).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let kernel = Double(fields[12]) else {
            throw BenchmarkError(description: "/proc/\(process)/stat is not as expected")
        }
        processorTime = (user + kernel) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func read(_ name: String, _ process: Int32) throws -> String {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/\(name)", encoding: .utf8) else {
            throw BenchmarkError(description: "/proc/\(process)/\(name) cannot be read")
        }
        return text
    }
}

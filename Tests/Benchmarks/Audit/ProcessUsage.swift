import Foundation

/// What Linux tells about a process in `/proc`.
struct ProcessUsage {
    /// What is in memory now, in bytes.
    let resident: Int
    /// The most that ever was, in bytes.
    let peak: Int
    /// The processor's time, in user and in kernel mode, in seconds.
    let processorTime: Double

    /// Reads it.
    ///
    /// - Throws: ``BenchmarkError`` if there is no such process.
    init(of process: Int32) throws {
        let status = try Self.read("status", process).split(separator: "\n")
        func bytes(_ name: String) throws -> Int {
            let line = status.first { $0.hasPrefix("\(name):") }
            guard let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
            else {
                throw BenchmarkError(description: "/proc tells no \(name) of the bridge: it has ended")
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

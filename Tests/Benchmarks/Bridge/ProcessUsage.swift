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
        var clock = clockid_t()
        guard clock_getcpuclockid(process, &clock) == 0 else {
            throw BenchmarkError(description: "the CPU time of the bridge cannot be read: it has ended")
        }
        processorTime = Self.time(of: clock)
    }

    /// CPU time of this process, in seconds.
    static var ownProcessorTime: Double { time(of: CLOCK_PROCESS_CPUTIME_ID) }

    private static func time(of clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The cores that this process may use.
    static func cores() throws -> [Int] {
        let status = try read("status", getpid()).split(separator: "\n")
        let ranges = status.first { $0.hasPrefix("Cpus_allowed_list:") }?.split(separator: "\t").last ?? ""
        return ranges.split(separator: ",").flatMap { range in
            let bounds = range.split(separator: "-").compactMap { Int($0) }
            return Array((bounds.first ?? 0)...(bounds.last ?? 0))
        }
    }

    private static func read(_ name: String, _ process: Int32) throws -> String {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/\(name)", encoding: .utf8) else {
            throw BenchmarkError(description: "/proc/\(process)/\(name) cannot be read")
        }
        return text
    }
}

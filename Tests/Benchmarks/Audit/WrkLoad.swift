import Foundation
import JSON
import TestSupport

/// Sends prepared requests by wrk, each once, in order, over kept connections.
struct WrkLoad: Sendable {
    /// What wrk saw.
    struct Result: Sendable {
        /// How many requests were answered with a status of success.
        let answered: Int
        /// Requests a second.
        let rate: Double
        /// The time in which half of them were answered.
        let median: Duration
        /// The time in which 99 of 100 were.
        let slow: Duration
        /// wrk's own processor time, in seconds.
        let processorTime: Double
    }

    private let arguments: [String]
    private let requests: String

    /// - Parameters:
    ///   - requests: whole ones.
    ///   - folder: for files that wrk reads.
    init(requests: [[UInt8]], connections: Int, seconds: Int, folder: TemporaryFolder) throws {
        self.requests = try folder.write(
            requests.flatMap { Array("\($0.count)\n".utf8) + $0 }, as: "requests")
        let script = try folder.write(Self.script, as: "load.lua")
        arguments = [
            "wrk", "--threads", "1", "--connections", "\(connections)", "--duration", "\(seconds)s", "--script", script,
        ]
    }

    private static let script = """
        local requests, position = {}, 0

        function init(arguments)
            local file = assert(io.open(arguments[1], "rb"))
            local length = file:read("*n")
            while length do
                file:read(1)
                requests[#requests + 1] = file:read(length)
                length = file:read("*n")
            end
        end

        function request()
            position = position + 1
            return requests[position] or requests[#requests]
        end

        function done(summary, latency)
            local errors = summary.errors
            io.write(string.format(
                '\\n{"requests":%d,"microseconds":%d,"median":%d,"slow":%d,"failed":%d}\\n', summary.requests,
                summary.duration, latency:percentile(50), latency:percentile(99),
                errors.connect + errors.read + errors.write + errors.status + errors.timeout))
        end
        """

    /// - Throws: ``BenchmarkFailure`` if a request fails or is refused.
    func run(on endpoint: String) async throws -> Result {
        let before = Self.childrenTime()
        let run = try await Program.run(arguments + [endpoint, "--", requests], within: .seconds(120))
        let used = Self.childrenTime() - before
        guard run.status == 0, let line = run.text.split(separator: "\n").last,
            let result = try? JSON(parsing: Array(line.utf8)), let count = result["requests"]?.integer,
            let duration = result["microseconds"]?.integer, let median = result["median"]?.integer,
            let slow = result["slow"]?.integer, count > 0, duration > 0
        else { throw BenchmarkFailure(description: "wrk: \(run.text.suffix(500)) \(run.errors.suffix(500))") }
        guard result["failed"]?.integer == 0 else {
            throw BenchmarkFailure(description: "requests failed or were refused: \(line)")
        }
        return Result(
            answered: Int(count), rate: Double(count) / Double(duration) * 1e6, median: .microseconds(median),
            slow: .microseconds(slow), processorTime: used)
    }

    /// The processor time of programs that have ended, in seconds.
    private static func childrenTime() -> Double {
        var usage = rusage()
        getrusage(RUSAGE_CHILDREN.rawValue, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}

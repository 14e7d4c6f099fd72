import Bridge
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Telemetry

/// `defender-bridge serve` as a child process.
final class BridgeProcess: Sendable {
    let program: RunningProgram
    /// The address of the listener, as `127.0.0.1:port`.
    let listen: String
    /// The admin address.
    let admin: String
    /// The flags that name its store to another command.
    let storeFlags: [String]
    /// The number of log lines that were checked.
    private let checkedLines = Mutex(0)

    /// Starts the bridge and waits until it listens.
    ///
    /// - Parameters:
    ///   - path: the path of the program.
    ///   - settings: values for `--set`.
    ///   - environment: see ``RunningProgram``.
    ///   - wrapper: a program with its arguments that runs the bridge, for example `prlimit`.
    ///   - arguments: further arguments for `serve`.
    init(
        program path: String = Paths.program, settings: [String: String], environment: [String: String],
        wrapper: [String] = [], arguments: [String] = []
    ) async throws {
        var all = ["listen.address": "127.0.0.1:0", "admin.address": "127.0.0.1:0", "log.format": "json"]
        all.merge(settings) { _, last in last }
        let flags = all.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        let program = try RunningProgram(wrapper + [path, "serve"] + arguments + flags, environment: environment)
        self.program = program
        storeFlags = all["store.url"].map { ["--set", "store.url=\($0)"] } ?? []
        do {
            let lines = try await eventually("the bridge to listen") {
                (
                    Self.log(program).first { $0["message"]?.string == LogEvent.bridgeListening.message },
                    program.errorLines,
                    program.exit
                )
            } is: {
                $0.0 != nil || $0.2 != nil
            }
            let line = try #require(lines.0, "it ended: \(lines.1)")
            listen = try #require(line["listen"]?.string)
            admin = try #require(line["admin"]?.string)
        } catch {
            program.signal(SIGKILL)
            throw error
        }
    }

    private static func log(_ program: RunningProgram) -> [JSON] {
        program.errorLines.map { (try? JSON(parsing: $0)) ?? .string($0) }
    }

    /// The lines of the log as JSON; a line that is not JSON is a JSON string. ``LogLineCheck`` checks each line.
    var log: [JSON] {
        let lines = Self.log(program)
        checkedLines.withLock { count in
            for line in lines.dropFirst(count) {
                if let problem = LogLineCheck.problem(of: line) { Issue.record("\(problem): \(line)") }
            }
            count = max(count, lines.count)
        }
        return lines
    }

    /// The log lines about an event.
    func log(_ event: LogEvent) -> [JSON] { log.filter { $0["message"]?.string == event.message } }

    /// The endpoint for SNS subscriptions.
    var endpoint: String { "http://\(listen)/sns" }

    /// Stops the bridge with SIGTERM and checks that it exits with 0 in time.
    func stop(with signal: Int32 = SIGTERM) async throws {
        program.signal(signal)
        let (exit, time) = try await program.waitForExit()
        #expect(exit == RunningProgram.Exit(status: 0, wasKilled: false), "\(program.errorLines.suffix(5))")
        #expect(time < .seconds(10), "\(program.errorLines.suffix(10))")
        _ = log
    }

    /// Kills the bridge with SIGKILL.
    func kill() async throws {
        program.signal(SIGKILL)
        let (exit, _) = try await program.waitForExit()
        #expect(exit == RunningProgram.Exit(status: SIGKILL, wasKilled: true))
        _ = log
    }

    // MARK: Requests

    /// The queue's counts in `/status.json`.
    struct Queue: Sendable, Hashable, CustomStringConvertible {
        var pending = 0
        var leased = 0
        var completed = 0
        var dead = 0

        var description: String { "\(pending) pending, \(leased) leased, \(completed) completed, \(dead) dead" }
    }

    /// Requests the queue's counts.
    func queue() async throws -> Queue {
        let answer = try await Client.exchange(.get("/status.json"), with: admin)
        let queue = try #require(try answer.json["queue"], "\(answer.text)")
        func count(_ name: String) throws -> Int { Int(try #require(queue[name]?.integer)) }
        return Queue(
            pending: try count("pending"), leased: try count("leased"), completed: try count("completed"),
            dead: try count("dead"))
    }

    /// Waits until these numbers of deliveries are completed and dead-lettered and no other is left.
    func waitForCompletion(of count: Int, dead: Int = 0, within limit: Duration = .seconds(60)) async throws {
        try await eventually("\(count) deliveries to be done", within: limit, queue) {
            $0 == Queue(completed: count, dead: dead)
        }
    }

    /// The value of a series in `/metrics`; 0 if it is missing.
    func metric(_ series: String) async throws -> Double {
        let text = try await Client.exchange(.get("/metrics"), with: admin).text
        let line = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { Double($0.dropFirst(series.count + 1)) } ?? 0
    }

    /// The sum over the series of a metric that have all of these labels, each written as `name="value"`.
    func total(_ name: String, _ labels: String...) async throws -> Double {
        let text = try await Client.exchange(.get("/metrics"), with: admin).text
        let lines = text.split(separator: "\n").filter { line in
            (line.hasPrefix(name + "{") || line.hasPrefix(name + " ")) && labels.allSatisfy { line.contains($0) }
        }
        return lines.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }
}

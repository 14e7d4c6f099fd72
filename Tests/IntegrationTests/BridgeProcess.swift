import Foundation
import JSON
import TestSupport
import Testing

/// The program as a process that serves.
final class BridgeProcess: Sendable {
    let program: RunningProgram
    /// Where it listens for deliveries, as `127.0.0.1:port`.
    let listen: String
    /// Where metrics and status are.
    let admin: String
    /// What names its store to a command.
    let storeFlags: [String]

    /// Starts it, and waits until it listens.
    ///
    /// - Parameters:
    ///   - path: the program.
    ///   - settings: values for `--set`.
    ///   - environment: see ``RunningProgram``.
    ///   - wrapper: a program with arguments that runs it.
    ///   - arguments: more arguments for `serve`.
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
                    Self.log(program).first { $0["message"] == "The bridge is listening." }, program.errorLines,
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

    /// The lines of its log; one that is not JSON is a text.
    var log: [JSON] { Self.log(program) }

    /// The lines of its log with a message.
    func log(_ message: String) -> [JSON] { log.filter { $0["message"]?.string == message } }

    /// Where SNS delivers to.
    var endpoint: String { "http://\(listen)/sns" }

    /// Ends it, and checks that it ended well and in time.
    func stop(with signal: Int32 = SIGTERM) async throws {
        program.signal(signal)
        let (exit, time) = try await program.waitForExit()
        #expect(exit == RunningProgram.Exit(status: 0, wasKilled: false), "\(program.errorLines.suffix(5))")
        #expect(time < .seconds(10))
    }

    /// Ends it without any warning.
    func kill() async throws {
        program.signal(SIGKILL)
        let (exit, _) = try await program.waitForExit()
        #expect(exit == RunningProgram.Exit(status: SIGKILL, wasKilled: true))
    }

    // MARK: Asking

    /// What `/status.json` says of the queue.
    struct Queue: Sendable, Hashable, CustomStringConvertible {
        var pending = 0
        var leased = 0
        var completed = 0
        var dead = 0

        var description: String { "\(pending) pending, \(leased) leased, \(completed) completed, \(dead) dead" }
    }

    /// Asks for the queue.
    func queue() async throws -> Queue {
        let answer = try await Client.exchange(.get("/status.json"), with: admin)
        let queue = try #require(try answer.json["queue"], "\(answer.text)")
        func count(_ name: String) throws -> Int { Int(try #require(queue[name]?.integer)) }
        return Queue(
            pending: try count("pending"), leased: try count("leased"), completed: try count("completed"),
            dead: try count("dead"))
    }

    /// Waits until so many deliveries are done, so many given up, and none is left.
    func waitForCompletion(of count: Int, dead: Int = 0, within limit: Duration = .seconds(60)) async throws {
        try await eventually("\(count) deliveries to be done", within: limit, queue) {
            $0 == Queue(completed: count, dead: dead)
        }
    }

    /// The value of a series in `/metrics`, 0 if there is none.
    func metric(_ series: String) async throws -> Double {
        let text = try await Client.exchange(.get("/metrics"), with: admin).text
        let line = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { Double($0.dropFirst(series.count + 1)) } ?? 0
    }

    /// The sum of the series of a metric that have certain labels, each written as `name="value"`.
    func total(_ name: String, _ labels: String...) async throws -> Double {
        let text = try await Client.exchange(.get("/metrics"), with: admin).text
        let lines = text.split(separator: "\n").filter { line in
            (line.hasPrefix(name + "{") || line.hasPrefix(name + " ")) && labels.allSatisfy { line.contains($0) }
        }
        return lines.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }
}

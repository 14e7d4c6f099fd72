import Bridge
import Encoding
import EventLoop
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import Synchronization
import Telemetry
import TestSupport

/// A bridge that runs in its own process.
final class ServedBridge: Sendable {
    /// The queue in `/status.json`.
    struct Queue: Sendable, Hashable {
        let waiting: Int64
        let completed: Int64
        let dead: Int64
    }

    private static let timeout = Duration.seconds(1800)

    let process: Int32
    /// The URL for deliveries of SNS.
    let endpoint: String
    private let admin: String
    private let log: String
    private let client: HTTPClient
    private let ended: Ended
    private let startedAt: ContinuousClock.Instant
    private let ready = Mutex(0.0)

    private final class Ended: Sendable {
        let isTrue = Atomic(false)
    }

    /// Starts a bridge and waits until it listens.
    ///
    /// - Parameters:
    ///   - program: the path of `defender-bridge`, or of a program with the same settings.
    ///   - command: arguments in front of the settings.
    ///   - settings: values for `--set`.
    ///   - log: the path of the log file.
    init(
        program: String, command: [String] = ["serve"], settings: [String: String], environment: [String: String],
        log: String, client: HTTPClient
    ) async throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        var all = ["listen.address": "127.0.0.1:0", "admin.address": "127.0.0.1:0", "log.format": "json"]
        all.merge(settings) { _, last in last }
        process.arguments = command + all.flatMap { ["--set", "\($0.key)=\($0.value)"] }
        process.environment = environment
        try Data().write(to: URL(filePath: log))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: log))
        let ended = Ended()
        process.terminationHandler = { _ in ended.isTrue.store(true, ordering: .releasing) }
        startedAt = .now
        try process.run()
        self.process = process.processIdentifier
        self.ended = ended
        self.log = log
        self.client = client
        do {
            let line = try await eventually("the bridge to listen") {
                try Self.lines(log).first { $0["message"]?.string == LogEvent.bridgeListening.message }
            } is: { line in
                line != nil || ended.isTrue.load(ordering: .acquiring)
            }
            guard let listen = line?["listen"]?.string, let admin = line?["admin"]?.string else {
                throw BenchmarkError(description: "the bridge did not start: \(try Self.text(log).suffix(2000))")
            }
            endpoint = "http://\(listen)/sns"
            self.admin = admin
        } catch {
            kill(process.processIdentifier, SIGKILL)
            throw error
        }
    }

    private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private static func lines(_ path: String) throws -> [JSON] {
        try text(path).split(separator: "\n").compactMap { try? JSON(parsing: Array($0.utf8)) }
    }

    /// Memory and CPU time of the process.
    func usage() throws -> ProcessUsage { try ProcessUsage(of: process) }

    /// Seconds from the start of the process until it was ready; 0 until ``waitUntilReady()`` has returned.
    var timeToReady: Double { ready.withLock { $0 } }

    /// Waits until the bridge is ready.
    func waitUntilReady() async throws {
        try await eventually("the bridge to be ready", within: .seconds(600)) {
            (try? await self.get("/readyz")) != nil
        } is: {
            $0
        }
        ready.withLock { $0 = (.now - startedAt) / .seconds(1) }
    }

    /// Reads the metrics, as Prometheus does.
    func scrape() async throws { try await get("/metrics") }

    /// Sends a request to the admin address; returns the content of the response.
    ///
    /// - Throws: ``BenchmarkError`` if the response is not 200.
    @discardableResult
    func get(_ path: String) async throws -> [UInt8] {
        let request = HTTPRequest(method: .get, scheme: "http", authority: admin, path: path)
        let answer = try await client.send(request, body: [])
        guard answer.response.status == .ok else {
            throw BenchmarkError(description: "\(path) did not respond with 200")
        }
        return answer.body
    }

    /// Reads the queue.
    func queue() async throws -> Queue {
        let queue = try JSON(parsing: await get("/status.json"))["queue"]
        guard let pending = queue?["pending"]?.integer, let leased = queue?["leased"]?.integer,
            let completed = queue?["completed"]?.integer, let dead = queue?["dead"]?.integer
        else { throw BenchmarkError(description: "/status.json has no queue") }
        return Queue(waiting: pending + leased, completed: completed, dead: dead)
    }

    /// Waits until the queue is empty and more deliveries are completed.
    ///
    /// - Throws: ``BenchmarkError`` if the delivery was dead-lettered.
    func waitForNext(
        _ count: Int, after before: Queue, asking interval: Duration = .milliseconds(200)
    ) async throws {
        let queue = try await eventually("the deliveries to be completed", within: Self.timeout) {
            // Polling more often would distort the measurement.
            try await Task.sleep(for: interval)
            return try await self.queue()
        } is: {
            $0.dead > before.dead || ($0.waiting == 0 && $0.completed >= before.completed + Int64(count))
        }
        guard queue.dead == before.dead else {
            throw BenchmarkError(description: "a delivery was dead-lettered: \(try Self.text(log).suffix(2000))")
        }
    }

    /// Waits until the resident memory is stable for one second.
    func waitForStableMemory() async throws {
        var last = try usage().resident
        var same = 0
        try await eventually("the bridge's memory to stay the same") {
            try await Task.sleep(for: .milliseconds(100))
            let resident = try self.usage().resident
            same = resident == last ? same + 1 : 0
            last = resident
            return same
        } is: {
            $0 >= 10
        }
    }

    /// Kills the process with SIGKILL.
    func killImmediately() async throws {
        kill(process, SIGKILL)
        try await eventually("the bridge to be killed") { ended.isTrue.load(ordering: .acquiring) }
    }

    /// Stops the process with SIGTERM.
    func stop() async throws {
        kill(process, SIGTERM)
        do {
            try await eventually("the bridge to end") { ended.isTrue.load(ordering: .acquiring) }
        } catch {
            kill(process, SIGKILL)
            throw error
        }
    }
}

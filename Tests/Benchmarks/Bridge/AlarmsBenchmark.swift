import ArgumentParser
import Foundation
import LocalAWS
import TestSupport

/// Measures what processing of alarms costs compared with their intake, and a burst under AWS's quotas.
struct AlarmsBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alarms",
        abstract: "Measure alarms from lease to completed, and a burst under AWS's quotas.",
        discussion: """
            Queues signed alarms while sending is paused, then resumes it, with a stand-in for AWS that accepts any rate; then \
            delivers a burst of 6,000 with one that throttles as documented. Exits with 1 if the bridge misses a goal in \
            Tests/README.md.
            """)

    @Option(help: ArgumentHelp("Number of alarms, 1000 to 100000.", valueName: "count"))
    var alarms = 20_000

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    private static let connections = 64
    private static let burst = 6_000

    func validate() throws {
        guard (1000...100_000).contains(alarms) else {
            throw ValidationError("--alarms must be a number from 1000 to 100000.")
        }
    }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        var goals = Goals()
        let (intake, processing) = try await measureProcessing(program)
        print(
            "intake: \(Statistics.text(intake)) µs of CPU each, lease to completed: \(Statistics.text(processing)) µs")
        goals.expect(
            "CPU of an alarm from lease to completed, in that of its intake", processing / intake, atMost: 2, digits: 2)
        let (seconds, imports) = try await measureBurst(program)
        let minimum = Double(max(1, imports - 30)) / 10
        print(
            "burst: \(Self.burst) alarms in \(Statistics.text(seconds, digits: 2)) s, \(imports) imports, for which AWS's "
                + "quotas allow \(Statistics.text(minimum, digits: 2)) s")
        goals.expect(
            "a burst throttled as documented, against what the quotas allow", seconds / minimum, atMost: 1.02, digits: 2
        )
        try goals.report()
    }

    /// - Returns: CPU time of intake and of processing for each alarm, in microseconds.
    private func measureProcessing(_ program: String) async throws -> (intake: Double, processing: Double) {
        try await AuditEnvironment.with(PreparedAWS.Configuration(keepsFindings: false)) { [alarms] environment in
            let messages = try await SignedMessages(alarms, in: [PreparedAWS.region], by: environment.sns)
            let load = Load(requests: messages.requests, connections: Self.connections)
            return try await environment.withBridge(program, topics: messages.topics) { bridge in
                try await environment.command("pause", of: program)
                let queue = try await bridge.queue()
                let start = try bridge.usage().processorTime
                _ = try await load.run(on: [bridge.port])
                let middle = try bridge.usage().processorTime
                try await environment.command("resume", of: program)
                try await bridge.waitForNext(alarms, after: queue, asking: .milliseconds(250))
                let end = try bridge.usage().processorTime
                let imported = environment.aws.importedFindings
                guard imported == alarms else {
                    throw BenchmarkError(description: "\(alarms) alarms were delivered, and \(imported) imported")
                }
                return ((middle - start) / Double(alarms) * 1e6, (end - middle) / Double(alarms) * 1e6)
            }
        }
    }

    private func measureBurst(_ program: String) async throws -> (seconds: Double, imports: Int) {
        let configuration = PreparedAWS.Configuration(throttles: true, keepsFindings: false)
        return try await AuditEnvironment.with(configuration) { environment in
            let messages = try await SignedMessages(Self.burst, in: [PreparedAWS.region], by: environment.sns)
            let load = Load(requests: messages.requests, connections: Self.connections)
            return try await environment.withBridge(program, topics: messages.topics, throttled: true) { bridge in
                let start = ContinuousClock.now
                _ = try await load.run(on: [bridge.port])
                try await eventually("all alarms to be imported", within: .seconds(60)) {
                    environment.aws.importedFindings
                } is: {
                    $0 >= Self.burst
                }
                return (
                    (ContinuousClock.now - start) / .seconds(1), environment.aws.calls(of: .batchImportFindings)
                )
            }
        }
    }
}

extension AuditEnvironment {
    /// Runs a command of the bridge on the store.
    fileprivate func command(_ name: String, of program: String) async throws {
        let run = try await Program.run([program, name, "--set", "store.url=\(storeURL)"])
        guard run.status == 0 else { throw BenchmarkError(description: "\(name): \(run.errors)") }
    }
}

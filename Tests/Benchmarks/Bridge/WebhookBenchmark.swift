import ArgumentParser
import Encoding
import EventLoop
import Foundation
import TestSupport

/// Measures the intake of a mapped source: requests of 1,000 items until the queue is full, and what a source that sends
/// 1,000 items each second costs the deliveries of SNS.
struct WebhookBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Measure the intake of a mapped source.",
        discussion: """
            Posts requests of 1,000 items, the next one after the response to the previous one, until the queue is full, which \
            the bridge must then say. Then delivers signed alarms over a few connections, in turn alone and beside a source that \
            posts 1,000 items each second. Security Hub is unreachable, so that only the intake is measured. Exits with 1 if \
            the bridge misses a goal in Tests/README.md.
            """)

    @Option(help: ArgumentHelp("Number of items until the queue is full, 10000 to 1000000.", valueName: "count"))
    var items = 200_000

    @Option(help: ArgumentHelp("Number of signed messages, 4000 to 800000.", valueName: "count"))
    var messages = 60_000

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    private static let connections = 4
    private static let rounds = 4

    func validate() throws {
        guard (10_000...1_000_000).contains(items), (4000...800_000).contains(messages) else {
            throw ValidationError("--items must be from 10000 to 1000000, --messages from 4000 to 800000.")
        }
    }

    func run() async throws {
        let path = try BridgeProgram.path(bridge)
        try await IntakeEnvironment.with(messages: messages) { testbed in
            let file = try testbed.folder.write(Array(PlantItems.sources.utf8), as: "plant.yaml")
            let command = ["serve", "--config", file]
            var goals = Goals()
            let limited = testbed.bridge(
                path: path, command: command, settings: ["store.maxPending": "\(items / 1000 * 1000)"])
            try await fill(limited, in: testbed, &goals)
            try await measureBeside(testbed.bridge(path: path, command: command), in: testbed, &goals)
            try goals.report()
        }
    }

    /// Posts items until the queue is full.
    private func fill(_ program: BridgeProgram, in testbed: IntakeEnvironment, _ goals: inout Goals) async throws {
        let load = Load(requests: PlantItems.requests(items / 1000), connections: Self.connections)
        try await testbed.withFreshStore(program) { process, store in
            guard let bridge = process as? ServedBridge else { return }
            try await bridge.waitForStableMemory()
            let before = try bridge.usage()
            let result = try await load.run(on: [bridge.port])
            let after = try bridge.usage()
            let status = try await PlantItems.post(number: items, to: bridge, by: testbed.client)
            guard status == 503 else {
                throw BenchmarkError(description: "a request above store.maxPending got \(status) instead of 503")
            }
            guard try await testbed.count(in: store) >= items / 1000 * 1000 else {
                throw BenchmarkError(description: "acknowledged items are not in the store")
            }
            let processor = (after.processorTime - before.processorTime) / Double(items) * 1e6
            let memory = Double(after.peak - before.resident) / 1e6
            print(
                "\(items) items in requests of 1,000: \(Int(result.rate * 1000)) items/s, \(Statistics.text(processor)) µs of "
                    + "CPU each, 99 of 100 requests within \(Self.milliseconds(result.slow)) ms")
            goals.expect("memory until the queue is full", memory, atMost: 64, "MB", digits: 0)
        }
    }

    /// Measures deliveries of SNS alone and beside the source, in turn.
    private func measureBeside(
        _ program: BridgeProgram, in testbed: IntakeEnvironment, _ goals: inout Goals
    ) async throws {
        var alone: [Load.Result] = []
        var beside: [Load.Result] = []
        try await testbed.withFreshStore(program) { process, store in
            guard let bridge = process as? ServedBridge else { return }
            try await testbed.warmUp(bridge)
            let requests = testbed.requests
            let share = requests.count / Self.rounds
            for round in 0..<Self.rounds {
                let load = Load(
                    requests: Array(requests[round * share..<(round + 1) * share]), connections: Self.connections)
                // Each is first equally often.
                if round % 4 == 0 || round % 4 == 3 {
                    alone.append(try await load.run(on: [bridge.port]))
                } else {
                    beside.append(
                        try await PlantItems.posting(from: round * 1_000_000, to: bridge, by: testbed.client) {
                            try await load.run(on: [bridge.port])
                        })
                }
            }
        }
        func median(_ results: [Load.Result], _ value: (Load.Result) -> Double) -> Double {
            Statistics.median(results.map(value))
        }
        for (name, results) in [("alone", alone), ("beside 1,000 items/s", beside)] {
            let slow = median(results) { $0.slow / .milliseconds(1) }
            print(
                "/sns \(name): \(Int(median(results, \.rate)))/s, 99 of 100 within "
                    + "\(Statistics.text(slow, digits: 2)) ms")
        }
        goals.expect(
            "99th percentile of /sns beside 1,000 items/s, in that alone",
            median(beside) { $0.slow / .milliseconds(1) } / median(alone) { $0.slow / .milliseconds(1) }, atMost: 2,
            "times")
    }

    private static func milliseconds(_ duration: Duration) -> String {
        Statistics.text(duration / .milliseconds(1), digits: 1)
    }
}

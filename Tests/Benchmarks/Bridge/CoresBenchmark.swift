import AWSCore
import ArgumentParser
import Foundation

/// Measures how much faster audits of many accounts are on two cores than on one.
struct CoresBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cores",
        abstract: "Measure unchanged audits of many accounts on one core and on two.",
        discussion: """
            Announces an audit of each account at once, in which nothing changed since the last, to a bridge that may use \
            one core, then to one that may use two, in turn. Exits with 1 if the bridge misses a goal in Tests/README.md.
            """)

    @Option(help: ArgumentHelp("Number of accounts, 2 to 1000.", valueName: "count"))
    var accounts = 100

    @Option(help: ArgumentHelp("Number of findings of each account, 24 to 1000000.", valueName: "count"))
    var findings = 5_000

    @Option(help: ArgumentHelp("Number of measurements with each number of cores, 1 to 100.", valueName: "count"))
    var rounds = 3

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    func validate() throws {
        try AuditedFleet.check(findings: findings)
        guard (2...1000).contains(accounts), (1...100).contains(rounds) else {
            throw ValidationError("--accounts must be from 2 to 1000, --rounds from 1 to 100.")
        }
    }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        let cores = Array(try ProcessUsage.cores().prefix(2))
        guard cores.count == 2 else { throw ValidationError("This machine has one core.") }
        let fleet = AuditedFleet(findings: findings)
        let all = fleet.findings(findings)
        let topics = fleet.topics(accounts: accounts)
        var goals = Goals()
        print(AuditMeasurement.heading)
        let seconds = try await AuditEnvironment.with(PreparedAWS.Configuration(keepsFindings: false)) {
            [rounds] environment in
            func measure(_ number: Int, on cores: [Int], _ name: String) async throws -> AuditMeasurement {
                try await environment.withBridge(program, topics: topics, cores: cores) { bridge in
                    let measurement = try await environment.measure(
                        topics.map { (fleet.audit(number: number, all, topic: $0), $0) }, by: bridge)
                    measurement.printRow("the bridge", name)
                    return measurement
                }
            }
            _ = try await measure(0, on: cores, "new, two cores")
            var number = 0
            var seconds: [[Double]] = [[], []]
            for round in 0..<rounds {
                for count in round.isMultiple(of: 2) ? [1, 2] : [2, 1] {
                    number += 1
                    let name = "unchanged, \(count == 1 ? "one core" : "two cores")"
                    let measurement = try await measure(number, on: Array(cores.prefix(count)), name)
                    seconds[count - 1].append(measurement.seconds)
                }
            }
            return seconds.map(Statistics.median)
        }
        goals.expect("times as fast on two cores as on one", seconds[0] / seconds[1], atLeast: 1.8, digits: 2)
        try goals.report()
    }
}

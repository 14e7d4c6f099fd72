import AWSCore
import ArgumentParser
import Encoding
import EventLoop
import Foundation
import HTTPClient
import JSON
import LocalAWS
import TestSupport

/// Measures an audit under AWS's documented quotas, and without quotas compared with a boto3 program.
struct LimitsBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Measure an audit under AWS's quotas.",
        discussion: """
            Imports an audit into a stand-in for Security Hub that throttles as documented; then, compared with a boto3 \
            program, into one that accepts any rate and responds immediately, and into one that responds after 100 ms, as \
            AWS does. Exits with 1 if the first takes over 10 % longer than the quotas allow, or if the bridge is less \
            than ten times as fast as boto3 with responses after 100 ms.
            """)

    @Option(help: ArgumentHelp("Number of findings of the audit, 24 to 1000000.", valueName: "count"))
    var findings = 10_000

    @Option(help: ArgumentHelp("Path of the boto3 program. Default: none.", valueName: "path"))
    var peer: String?

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    /// The limits that Tests/README.md documents.
    private static let thresholds = (ratio: 10.0, excess: 1.1)

    func validate() throws { try AuditedFleet.check(findings: findings) }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        var problems: [String] = []
        try await withEventLoop { loop in
            print("| program | AWS | seconds | findings/s | µs of CPU each | imports |")
            print("|---|---|---|---|---|---|")
            let throttled = try await measure(program, .throttling, on: loop)
            for simulatedAWS in [SimulatedAWS.near, .far] {
                let ours = try await measure(program, simulatedAWS, on: loop)
                guard let peer else { continue }
                let theirs = try await measure(boto3: peer, simulatedAWS, on: loop)
                let ratio = theirs.seconds / ours.seconds
                print("The bridge is \(Self.text(ratio)) times as fast as boto3.")
                if case .far = simulatedAWS, ratio < Self.thresholds.ratio {
                    problems.append("this is less than \(Self.thresholds.ratio) times")
                }
            }
            let minimum = Self.minimumSeconds(imports: throttled.imports)
            print("AWS's quotas allow \(Self.text(minimum)) s; the bridge took \(Self.text(throttled.seconds)).")
            if throttled.seconds > minimum * Self.thresholds.excess {
                problems.append("this is over 10 % longer")
            }
        }
        for problem in problems { print("FAILED: \(problem)") }
        if !problems.isEmpty { throw ExitCode.failure }
    }

    /// The behavior of the stand-in for AWS.
    private enum SimulatedAWS: String {
        case throttling = "throttles as documented"
        case near = "any rate, immediate responses"
        case far = "any rate, responses after 100 ms"

        var configuration: LocalAWS.Configuration {
            var configuration = LocalAWS.Configuration()
            configuration.throttles = self == .throttling
            configuration.responseDelay = self == .far ? .milliseconds(100) : .zero
            return configuration
        }
    }

    /// The minimum time for a number of `BatchImportFindings` requests: a burst of 30, then ten per second.
    private static func minimumSeconds(imports: Int) -> Double { Double(max(0, imports - 30)) / 10 }

    private static func text(_ number: Double) -> String { String(format: "%.2f", number) }

    private struct Measurement {
        let findings: Int
        let seconds: Double
        let processorTime: Double
        let imports: Int

        /// Prints the measurement as a table row.
        func printRow(_ program: String, _ simulatedAWS: SimulatedAWS) {
            let each = processorTime / Double(findings) * 1_000_000
            print(
                "| \(program) | \(simulatedAWS.rawValue) | \(text(seconds)) | \(Int(Double(findings) / seconds)) "
                    + "| \(Int(each)) | \(imports) |")
            fflush(nil)
        }
    }

    // MARK: The bridge

    private func measure(_ program: String, _ simulatedAWS: SimulatedAWS, on loop: EventLoop) async throws
        -> Measurement
    {
        let folder = try TemporaryFolder()
        let client = try await HTTPClient(loop: loop)
        let aws = try await LocalAWS(loop: loop, configuration: simulatedAWS.configuration)
        var measurement: Measurement?
        try await withCleanup {
            let fleet = try AuditedFleet(aws: aws, findings: findings)
            var settings = [
                "store.url": "sqlite://\(folder.path("store.db"))", "sns.topics": fleet.topic.description,
                "network.connectTo": aws.connectTo.joined(separator: ","), "catchUp.interval": "off",
            ]
            if simulatedAWS != .throttling {
                settings.merge(["securityHub.requestsPerSecond": "1000", "securityHub.burst": "1000"]) { _, last in last
                }
            }
            let authority = try folder.write(aws.certificateAuthorityPEM, as: "authority.pem")
            let bridge = try await ServedBridge(
                program: program, settings: settings,
                environment: aws.endpointEnvironment.merging(["AWS_CA_BUNDLE": authority]) { _, last in last },
                log: folder.path("bridge.log"), client: client)
            try await withCleanup {
                measurement = try await measure(fleet, bridge)
            } cleanup: {
                try await bridge.stop()
            }
        } cleanup: {
            await aws.stop()
            await client.shutdown()
        }
        guard let measurement else { throw BenchmarkError(description: "nothing was measured") }
        measurement.printRow("the bridge", simulatedAWS)
        return measurement
    }

    private func measure(_ fleet: AuditedFleet, _ bridge: ServedBridge) async throws -> Measurement {
        try await fleet.subscribe(bridge)
        let audit = fleet.audit(number: 0, findings: findings)
        fleet.add(audit)
        let queue = try await bridge.queue()
        let before = try bridge.usage()
        let start = ContinuousClock.now
        try await fleet.publish(audit)
        try await bridge.waitForNext(after: queue, asking: .milliseconds(100))
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let used = try bridge.usage().processorTime - before.processorTime
        let missing = fleet.missing(of: findings)
        guard missing == 0 else { throw BenchmarkError(description: "\(missing) findings are not in Security Hub") }
        return Measurement(
            findings: findings, seconds: seconds, processorTime: used,
            imports: fleet.aws.calls(of: .batchImportFindings))
    }

    // MARK: boto3

    private func measure(boto3 script: String, _ simulatedAWS: SimulatedAWS, on loop: EventLoop) async throws
        -> Measurement
    {
        let aws = try await LocalAWS(loop: loop, configuration: simulatedAWS.configuration)
        var measurement: Measurement?
        try await withCleanup {
            let fleet = try AuditedFleet(aws: aws, findings: findings)
            let audit = fleet.audit(number: 0, findings: findings)
            fleet.add(audit)
            let program = try await Program.run(
                ["python3", script, audit.task.id], environment: aws.endpointEnvironment.mapValues { $0 },
                within: .seconds(600))
            guard program.status == 0, let json = try? JSON(parsing: program.output),
                let seconds = json["seconds"]?.double, let used = json["cpu"]?.double
            else { throw BenchmarkError(description: "the boto3 program failed: \(program.errors)") }
            measurement = Measurement(
                findings: findings, seconds: seconds, processorTime: used,
                imports: aws.calls(of: .batchImportFindings))
        } cleanup: {
            await aws.stop()
        }
        guard let measurement else { throw BenchmarkError(description: "nothing was measured") }
        measurement.printRow("boto3", simulatedAWS)
        return measurement
    }
}

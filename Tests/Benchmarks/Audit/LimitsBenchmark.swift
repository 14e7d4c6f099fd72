import AWSCore
import ArgumentParser
import EventLoop
import Foundation
import HTTPClient
import JSON
import LocalAWS
import TestSupport

/// Measures an audit under the rates that AWS documents, and without limits beside a program of boto3.
struct LimitsBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Measure how near an audit comes to what AWS's limits allow.",
        discussion: """
            Has the bridge bring an audit into a Security Hub that throttles as documented, then, beside a program of boto3, \
            into one that takes any rate and answers at once, and into one that answers after 100 ms, as AWS does. Exits \
            with 1 if the first takes more than a tenth longer than the limits allow, or if the bridge is less than ten \
            times as fast as the program of boto3 where answers take 100 ms.
            """)

    @Option(help: ArgumentHelp("How many findings the audit has.", valueName: "count"))
    var findings = 10_000

    @Option(help: ArgumentHelp("The program of boto3. Default: none.", valueName: "path"))
    var peer: String?

    @Option(help: ArgumentHelp("The program. Default: defender-bridge beside this one.", valueName: "path"))
    var bridge: String?

    /// What README promises.
    private static let promise = (ratio: 10.0, excess: 1.1)

    func validate() throws { try AuditedFleet.check(findings: findings) }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        var problems: [String] = []
        try await withEventLoop { loop in
            print("| program | AWS | seconds | findings/s | µs of CPU each | imports |")
            print("|---|---|---|---|---|---|")
            let throttled = try await measure(program, .throttling, on: loop)
            for surroundings in [Surroundings.near, .far] {
                let ours = try await measure(program, surroundings, on: loop)
                guard let peer else { continue }
                let theirs = try await measure(boto3: peer, surroundings, on: loop)
                let ratio = theirs.seconds / ours.seconds
                print("The bridge is \(Self.text(ratio)) times as fast as boto3.")
                if case .far = surroundings, ratio < Self.promise.ratio {
                    problems.append("that is less than \(Self.promise.ratio) times")
                }
            }
            let least = Self.leastSeconds(imports: throttled.imports)
            print("AWS's limits allow \(Self.text(least)) s; the bridge took \(Self.text(throttled.seconds)).")
            if throttled.seconds > least * Self.promise.excess { problems.append("that is more than a tenth longer") }
        }
        for problem in problems { print("FAILED: \(problem)") }
        if !problems.isEmpty { throw ExitCode.failure }
    }

    /// How the stand-in for AWS behaves.
    private enum Surroundings: String {
        case throttling = "throttles as documented"
        case near = "takes any rate, answers at once"
        case far = "takes any rate, answers after 100 ms"

        var configuration: LocalAWS.Configuration {
            var configuration = LocalAWS.Configuration()
            configuration.throttles = self == .throttling
            configuration.responseDelay = self == .far ? .milliseconds(100) : .zero
            return configuration
        }
    }

    /// How long so many calls of `BatchImportFindings` take at least: 30 at once, and then ten a second.
    private static func leastSeconds(imports: Int) -> Double { Double(max(0, imports - 30)) / 10 }

    private static func text(_ number: Double) -> String { String(format: "%.2f", number) }

    private struct Measurement {
        let findings: Int
        let seconds: Double
        let processorTime: Double
        let imports: Int

        /// Prints it as a row of the table.
        func printRow(_ program: String, _ surroundings: Surroundings) {
            let each = processorTime / Double(findings) * 1_000_000
            print(
                "| \(program) | \(surroundings.rawValue) | \(text(seconds)) | \(Int(Double(findings) / seconds)) "
                    + "| \(Int(each)) | \(imports) |")
            fflush(nil)
        }
    }

    // MARK: The bridge

    private func measure(_ program: String, _ surroundings: Surroundings, on loop: EventLoop) async throws
        -> Measurement
    {
        let folder = try TemporaryFolder()
        let client = try await HTTPClient(loop: loop)
        let aws = try await LocalAWS(loop: loop, configuration: surroundings.configuration)
        var measurement: Measurement?
        try await withCleanup {
            let fleet = try AuditedFleet(aws: aws, findings: findings)
            var settings = [
                "store.url": "sqlite://\(folder.path("store.db"))", "sns.topics": fleet.topic.description,
                "network.connectTo": aws.connectTo.joined(separator: ","), "catchUp.interval": "off",
            ]
            if surroundings != .throttling {
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
        measurement.printRow("the bridge", surroundings)
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

    private func measure(boto3 script: String, _ surroundings: Surroundings, on loop: EventLoop) async throws
        -> Measurement
    {
        let aws = try await LocalAWS(loop: loop, configuration: surroundings.configuration)
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
            else { throw BenchmarkError(description: "the program of boto3 failed: \(program.errors)") }
            measurement = Measurement(
                findings: findings, seconds: seconds, processorTime: used,
                imports: aws.calls(of: .batchImportFindings))
        } cleanup: {
            await aws.stop()
        }
        guard let measurement else { throw BenchmarkError(description: "nothing was measured") }
        measurement.printRow("boto3", surroundings)
        return measurement
    }
}

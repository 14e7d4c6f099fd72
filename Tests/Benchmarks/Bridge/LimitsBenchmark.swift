import AWSCore
import ArgumentParser
import Foundation
import JSON
import LocalAWS
import TestSupport

/// Measures an audit under AWS's documented quotas, and without quotas compared with a boto3 program.
struct LimitsBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Measure an audit under AWS's quotas, and compared with a boto3 program.",
        discussion: """
            Imports an audit, and the same audit again without changes, into a stand-in for AWS that throttles as documented; \
            then, compared with a boto3 program, into one that accepts any rate and responds immediately, and into one \
            that responds after 100 ms, as AWS does. With immediate responses, the bridge imports the findings for ten \
            accounts, because it keeps to the quota of ListAuditFindings, which holds for each account. Exits with 1 if the \
            bridge misses a goal in Tests/README.md.
            """)

    @Option(help: ArgumentHelp("Number of findings of the audit, 240 to 1000000.", valueName: "count"))
    var findings = 10_000

    @Option(help: ArgumentHelp("Path of the boto3 program. Default: none.", valueName: "path"))
    var peer: String?

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    func validate() throws {
        guard (240...1_000_000).contains(findings) else {
            throw ValidationError("--findings must be a number from 240 to 1000000.")
        }
    }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        var goals = Goals()
        print(AuditMeasurement.heading)
        let throttled = try await measure(program, .throttling)[0]
        goals.expect(
            "throttled as documented, against what the quotas allow",
            throttled.seconds / Self.minimumSeconds(imports: throttled.imports), atMost: 1.05, digits: 2)
        let near = try await measure(program, .near)
        let far = try await measure(program, .far)[0]
        if let peer {
            let theirs = try await measure(boto3: peer, .near)
            let theirFar = try await measure(boto3: peer, .far)[0]
            goals.expect(
                "boto3's CPU for a new finding, in that of the bridge",
                theirs[0].microseconds / near[0].microseconds, atLeast: 8)
            goals.expect(
                "boto3's CPU for an unchanged finding, in that of the bridge",
                theirs[1].microseconds / near[1].microseconds, atLeast: 30)
            goals.expect(
                "new findings, immediate responses, times as fast as boto3", near[0].rate / theirs[0].rate, atLeast: 8)
            goals.expect(
                "new findings, responses after 100 ms, times as fast as boto3", far.rate / theirFar.rate, atLeast: 12)
        }
        try goals.report()
    }

    /// The behavior of the stand-in for AWS.
    private enum SimulatedAWS: String {
        case throttling = "throttles as documented"
        case near = "immediate responses"
        case far = "responses after 100 ms"

        var configuration: PreparedAWS.Configuration {
            PreparedAWS.Configuration(
                throttles: self == .throttling, responseDelay: self == .far ? .milliseconds(100) : .zero)
        }
    }

    /// The minimum time for a number of `BatchImportFindings` requests: a burst of 30, then ten per second.
    private static func minimumSeconds(imports: Int) -> Double { Double(max(1, imports - 30)) / 10 }

    /// What is measured: the audit of new findings, then of unchanged ones.
    private static func names(_ aws: SimulatedAWS) -> [String] {
        (aws == .near ? ["new", "unchanged"] : ["new"]).map { "\($0), \(aws.rawValue)" }
    }

    /// The number of accounts whose audits the bridge imports at once, where the quota of `ListAuditFindings` must not
    /// be what is measured.
    private static let accounts = 10

    private func measure(_ program: String, _ simulatedAWS: SimulatedAWS) async throws -> [AuditMeasurement] {
        let accounts = simulatedAWS == .near ? Self.accounts : 1
        let count = findings / accounts
        let fleet = AuditedFleet(findings: count)
        let topics = accounts == 1 ? [fleet.topic] : fleet.topics(accounts: accounts)
        let all = fleet.findings(count)
        return try await AuditEnvironment.with(simulatedAWS.configuration) { environment in
            try await environment.withBridge(program, topics: topics, throttled: simulatedAWS == .throttling) {
                bridge in
                var measurements: [AuditMeasurement] = []
                for (number, name) in Self.names(simulatedAWS).enumerated() {
                    let measurement = try await environment.measure(
                        topics.map { (fleet.audit(number: number, all, topic: $0), $0) }, by: bridge)
                    measurement.printRow("the bridge", name)
                    measurements.append(measurement)
                }
                for topic in topics {
                    let missing = environment.missing(of: count, in: topic.accountRegion.account)
                    guard missing == 0 else {
                        throw BenchmarkError(description: "\(missing) findings are not in Security Hub")
                    }
                }
                return measurements
            }
        }
    }

    private func measure(
        boto3 script: String, _ simulatedAWS: SimulatedAWS
    ) async throws -> [AuditMeasurement] {
        let fleet = AuditedFleet(findings: findings)
        let all = fleet.findings(findings)
        return try await AuditEnvironment.with(simulatedAWS.configuration) { environment in
            var measurements: [AuditMeasurement] = []
            for (number, name) in Self.names(simulatedAWS).enumerated() {
                let measurement = try await environment.measure(fleet.audit(number: number, all), boto3: script)
                measurement.printRow("boto3", name)
                measurements.append(measurement)
            }
            return measurements
        }
    }
}

extension AuditEnvironment {
    /// Imports an audit with the boto3 program.
    fileprivate func measure(_ audit: PreparedAudit, boto3 script: String) async throws -> AuditMeasurement {
        aws.add(audit)
        let (imports, own) = (aws.calls(of: .batchImportFindings), ProcessUsage.ownProcessorTime)
        let program = try await Program.run(
            ["python3", script, audit.task.id], environment: aws.environment.mapValues { $0 }, within: .seconds(600))
        guard program.status == 0, let json = try? JSON(parsing: program.output),
            let seconds = json["seconds"]?.double, let used = json["cpu"]?.double
        else { throw BenchmarkError(description: "the boto3 program failed: \(program.errors)") }
        return AuditMeasurement(
            findings: audit.findings.count, seconds: seconds, processorTime: used,
            standInTime: ProcessUsage.ownProcessorTime - own, imports: aws.calls(of: .batchImportFindings) - imports,
            peak: 0)
    }
}

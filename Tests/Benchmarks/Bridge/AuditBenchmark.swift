import AWSCore
import ArgumentParser
import Encoding
import EventLoop
import Foundation
import HTTPClient
import JSON
import LocalAWS
import TestSupport

/// Measures a large audit, the same audit again without changes, and one in which everything changed, killed half-way.
struct AuditBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Measure memory and speed of a large audit.",
        discussion: """
            Starts the bridge with a stand-in for AWS that accepts any rate. Exits with 1 if the audit takes more than 64 MB \
            above idle, if the same audit without changes imports anything, or if an audit that was killed half-way lists \
            more than six pages again.
            """)

    @Option(help: ArgumentHelp("Number of findings of the audit, 24 to 1000000.", valueName: "count"))
    var findings = 100_000

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    /// Limit of the peak above idle, in bytes.
    private static let maximumIncrease = 64 * 1_048_576

    func validate() throws { try AuditedFleet.check(findings: findings) }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        var problems: [String] = []
        try await withEventLoop { loop in
            let measuring = Task { try await measure(program, on: loop) }
            // The bridge has its own process group, which Ctrl-C does not reach.
            let watchers = try await loop.run {
                LoopBound(
                    try [SIGINT, SIGTERM].map { try SignalWatcher($0, on: loop) { measuring.cancel() } }, loop: loop)
            }
            let result = await measuring.result
            await loop.run { for watcher in watchers.value { watcher.close() } }
            problems = try result.get()
        }
        for problem in problems { print("FAILED: \(problem)") }
        if !problems.isEmpty { throw ExitCode.failure }
    }

    private func measure(_ program: String, on loop: EventLoop) async throws -> [String] {
        let folder = try TemporaryFolder()
        let client = try await HTTPClient(loop: loop)
        let aws = try await LocalAWS(loop: loop)
        var problems: [String] = []
        try await withCleanup {
            let fleet = try AuditedFleet(aws: aws, findings: findings)
            let authority = try folder.write(aws.certificateAuthorityPEM, as: "authority.pem")
            func start() async throws -> ServedBridge {
                try await ServedBridge(
                    program: program, settings: Self.settings(aws, topic: fleet.topic, store: folder.path("store.db")),
                    environment: aws.endpointEnvironment.merging(["AWS_CA_BUNDLE": authority]) { _, last in last },
                    log: folder.path("bridge.log"), client: client)
            }
            var bridge = try await start()
            try await withCleanup {
                problems = try await measure(fleet, bridge)
                let queue = try await killHalfWay(fleet, bridge)
                bridge = try await start()
                problems += try await measureRest(fleet, bridge, queue)
            } cleanup: {
                try await bridge.stop()
            }
        } cleanup: {
            await aws.stop()
            await client.shutdown()
        }
        return problems
    }

    private static func settings(_ aws: LocalAWS, topic: ARN, store: String) -> [String: String] {
        [
            "store.url": "sqlite://\(store)", "sns.topics": topic.description,
            "network.connectTo": aws.connectTo.joined(separator: ","), "securityHub.requestsPerSecond": "1000",
            "securityHub.burst": "1000",
            // Catch-up would import the audit again after the kill.
            "catchUp.interval": "off",
        ]
    }

    private func measure(_ fleet: AuditedFleet, _ bridge: ServedBridge) async throws -> [String] {
        try await fleet.subscribe(bridge)
        _ = try await measure("warm-up", fleet.audit(number: 0, findings: 24), fleet, bridge)
        try await bridge.waitForStableMemory()
        let idle = try bridge.usage().resident
        print("idle: \(Self.megabytes(idle)) MB")

        let first = try await measure("first audit", fleet.audit(number: 1, findings: findings), fleet, bridge)
        let difference = first.peak - idle
        print("peak: \(Self.megabytes(first.peak)) MB, \(Self.megabytes(difference)) MB above idle")

        let second = try await measure("same audit again", fleet.audit(number: 2, findings: findings), fleet, bridge)
        print("peak: \(Self.megabytes(second.peak)) MB, \(Self.megabytes(second.peak - idle)) MB above idle")

        var problems: [String] = []
        if second.peak - idle > Self.maximumIncrease {
            problems.append("the peak is more than \(Self.megabytes(Self.maximumIncrease)) MB above idle")
        }
        if second.imports > 0 { problems.append("an unchanged audit made \(second.imports) imports") }
        let missing = fleet.missing(of: findings)
        if missing > 0 { problems.append("\(missing) findings are not in Security Hub") }
        return problems
    }

    // MARK: A kill half-way

    private var pages: Int { (findings + 249) / 250 }

    /// Publishes an audit in which everything changed, and kills the bridge when half of it is imported.
    ///
    /// - Returns: the queue before the audit.
    private func killHalfWay(_ fleet: AuditedFleet, _ bridge: ServedBridge) async throws -> ServedBridge.Queue {
        let audit = fleet.audit(number: 3, findings: findings, reason: "Everything changed.")
        fleet.add(audit)
        let queue = try await bridge.queue()
        let listed = fleet.aws.calls(of: .listAuditFindings)
        try await fleet.publish(audit)
        try await eventually("half of the audit to be listed", within: .seconds(1800)) {
            fleet.aws.calls(of: .listAuditFindings) - listed
        } is: {
            $0 > pages / 2
        }
        try await bridge.killImmediately()
        print("killed after \(fleet.aws.calls(of: .listAuditFindings) - listed) of \(pages) pages")
        return queue
    }

    private func measureRest(
        _ fleet: AuditedFleet, _ bridge: ServedBridge, _ queue: ServedBridge.Queue
    ) async throws -> [String] {
        let listed = fleet.aws.calls(of: .listAuditFindings)
        try await bridge.waitForNext(after: queue)
        let rest = fleet.aws.calls(of: .listAuditFindings) - listed
        print("started again: \(rest) pages")
        let unchanged = fleet.unchanged(by: "Everything changed.")
        return (rest > pages - pages / 2 + 5 ? ["\(rest) pages were listed after the kill"] : [])
            + (unchanged > 0 ? ["\(unchanged) findings were not updated"] : [])
    }

    // MARK: Measuring

    /// Publishes an audit and waits until it is imported.
    private func measure(
        _ name: String, _ audit: AuditedFleet.Audit, _ fleet: AuditedFleet, _ bridge: ServedBridge
    ) async throws -> (imports: Int, peak: Int) {
        fleet.add(audit)
        let queue = try await bridge.queue()
        let before = try bridge.usage()
        let imports = fleet.aws.calls(of: .batchImportFindings)
        let start = ContinuousClock.now
        try await fleet.publish(audit)
        try await bridge.waitForNext(after: queue)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let after = try bridge.usage()
        let made = fleet.aws.calls(of: .batchImportFindings) - imports
        let count = Double(audit.findings.count)
        print(
            "\(name): \(audit.findings.count) findings in \(String(format: "%.1f", seconds)) s, "
                + "\(Int(count / seconds)) findings/s, "
                + "\(Int((after.processorTime - before.processorTime) / count * 1_000_000)) µs of the bridge's CPU each, "
                + "\(made) calls of BatchImportFindings")
        // Readers of a pipe see results immediately, too.
        fflush(nil)
        return (made, after.peak)
    }

    private static func megabytes(_ bytes: Int) -> String { String(format: "%.1f", Double(bytes) / 1_048_576) }
}

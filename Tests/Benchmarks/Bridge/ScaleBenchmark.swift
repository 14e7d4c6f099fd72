import AWSCore
import ArgumentParser
import Foundation

/// Measures a bridge with a large ledger against one with a small ledger.
struct ScaleBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Measure start, memory, metrics and status with a large ledger.",
        discussion: """
            Fills a ledger by audits of several accounts, and starts the bridge with it. Exits with 1 if the bridge misses a \
            goal in Tests/README.md.
            """)

    @Option(help: ArgumentHelp("Number of findings in the ledger, 100000 to 10000000.", valueName: "count"))
    var findings = 1_000_000

    @Option(help: ArgumentHelp("Number of findings of the measured audit, 24 to 1000000.", valueName: "count"))
    var audit = 100_000

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    /// The number of findings of each account.
    private static let ofAccount = 10_000
    /// The number of requests of each kind, and the time between them, in which a cached result expires.
    private static let (requests, interval) = (20, Duration.milliseconds(1100))

    func validate() throws {
        try AuditedFleet.check(findings: audit)
        guard (100_000...10_000_000).contains(findings) else {
            throw ValidationError("--findings must be a number from 100000 to 10000000.")
        }
    }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        print(AuditMeasurement.heading)
        // As many accounts, because the status lists them.
        let accounts = findings / Self.ofAccount
        let small = try await measure(program, findings: max(1_000 / accounts, 1), accounts: accounts, audit: nil)
        let large = try await measure(program, findings: Self.ofAccount, accounts: accounts, audit: audit)
        var goals = Goals()
        goals.expect("peak above idle in an audit of \(audit)", large.increase / 1_048_576, atMost: 64, "MB")
        goals.expect(
            "start to ready, \(Self.milliseconds(large.start)), in that with 1,000 findings",
            large.start / small.start, atMost: 2)
        goals.expect(
            "CPU of a scrape of /metrics, \(Self.milliseconds(large.metrics)), in that with 1,000 findings",
            large.metrics / small.metrics, atMost: 2)
        goals.expect(
            "CPU of /status.json, \(Self.milliseconds(large.status)), in that with 1,000 findings",
            large.status / small.status, atMost: 2)
        goals.expect("store for a finding", large.bytes, atMost: 1536, "bytes", digits: 0)
        try goals.report()
    }

    private static func milliseconds(_ seconds: Double) -> String { Statistics.text(seconds * 1000) + " ms" }

    private struct Measurement {
        /// Seconds from the start of the process until it is ready, and of CPU for a request.
        var start, metrics, status: Double
        /// Bytes of the store for each finding.
        let bytes: Double
        /// Bytes of peak memory above idle in the audit.
        var increase = 0.0
    }

    private func measure(
        _ program: String, findings: Int, accounts: Int, audit: Int?
    ) async throws -> Measurement {
        let fleet = AuditedFleet(findings: max(findings, audit ?? 0))
        let topics = fleet.topics(accounts: accounts)
        let all = fleet.findings(findings)
        return try await AuditEnvironment.with(PreparedAWS.Configuration(keepsFindings: false)) { environment in
            try await environment.withBridge(program, topics: topics) { bridge in
                let filling = try await environment.measure(
                    topics.map { (fleet.audit(number: 0, all, topic: $0), $0) }, by: bridge)
                filling.printRow("the bridge", "\(findings * accounts) new findings of \(accounts) accounts")
            }
            let size = environment.storeSize()
            return try await environment.withBridge(program, topics: [fleet.topic]) { bridge in
                var measurement = Measurement(
                    start: bridge.timeToReady,
                    metrics: try await Self.processorTime(of: "/metrics", bridge),
                    status: try await Self.processorTime(of: "/status.json", bridge),
                    bytes: Double(size) / Double(findings * accounts))
                guard let audit else { return measurement }
                try await bridge.waitForStableMemory()
                let idle = try bridge.usage().resident
                let audited = try await environment.measure(
                    [(fleet.audit(number: 1, fleet.findings(audit)), fleet.topic)], by: bridge)
                audited.printRow("the bridge", "an audit of \(audit) new findings")
                measurement.increase = Double(audited.peak - idle)
                return measurement
            }
        }
    }

    /// CPU seconds of the bridge for a request.
    private static func processorTime(of path: String, _ bridge: ServedBridge) async throws -> Double {
        try await bridge.get(path)
        var used = 0.0
        for _ in 0..<requests {
            try await Task.sleep(for: interval)
            let before = try bridge.usage().processorTime
            try await bridge.get(path)
            used += try bridge.usage().processorTime - before
        }
        return used / Double(requests)
    }
}

extension AuditEnvironment {
    /// The bytes of the store's files.
    fileprivate func storeSize() -> Int {
        ["", "-wal"].reduce(0) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: storePath + suffix)
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }
}

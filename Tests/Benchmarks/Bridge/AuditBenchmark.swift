import AWSCore
import ArgumentParser
import Encoding
import Foundation
import LocalAWS
import TestSupport

/// Measures a large audit, the same audit again without changes, and one in which everything changed, killed half-way;
/// then an audit with PostgreSQL.
struct AuditBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Measure memory and speed of a large audit.",
        discussion: """
            Starts the bridge with a stand-in for AWS that accepts any rate. Exits with 1 if the bridge misses a goal in \
            Tests/README.md, if the same audit without changes imports anything, or if an audit that was killed half-way \
            lists more than six pages again.
            """)

    @Option(help: ArgumentHelp("Number of findings of the audit, 24 to 1000000.", valueName: "count"))
    var findings = 100_000

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    /// The largest audit with PostgreSQL.
    private static let postgreSQLFindings = 20_000

    func validate() throws { try AuditedFleet.check(findings: findings) }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        let fleet = AuditedFleet(findings: findings)
        print(AuditMeasurement.heading)
        var goals = Goals()
        var unchanged = 0.0
        (goals, unchanged) = try await AuditEnvironment.with { [self, goals] environment in
            var goals = goals
            let unchanged = try await measure(fleet, program, environment, &goals)
            try await killHalfWay(fleet, program, environment, &goals)
            return (goals, unchanged)
        }
        if PostgreSQLCluster.isInstalled {
            goals = try await AuditEnvironment.with { [self, goals, unchanged] environment in
                var goals = goals
                try await measurePostgreSQL(fleet, program, environment, against: unchanged, &goals)
                return goals
            }
        }
        try goals.report()
    }

    /// - Returns: CPU time for an unchanged finding, in microseconds.
    private func measure(
        _ fleet: AuditedFleet, _ program: String, _ environment: AuditEnvironment, _ goals: inout Goals
    ) async throws -> Double {
        let all = fleet.findings(findings)
        let (idle, results) = try await environment.withBridge(program, topics: [fleet.topic]) { bridge in
            func measure(_ name: String, _ audit: PreparedAudit) async throws -> AuditMeasurement {
                let measurement = try await environment.measure([(audit, fleet.topic)], by: bridge)
                measurement.printRow("the bridge", name)
                return measurement
            }
            _ = try await measure("warm-up", fleet.audit(number: 0, fleet.findings(24)))
            try await bridge.waitForStableMemory()
            let idle = try bridge.usage().resident
            let new = try await measure("new", fleet.audit(number: 1, all))
            let unchanged = try await measure("unchanged", fleet.audit(number: 2, all))
            return (idle, [new, unchanged])
        }
        goals.expect(
            "peak above idle (\(Statistics.megabytes(idle)) MB)",
            Double(results[1].peak - idle) / 1_048_576, atMost: 64, "MB")
        goals.require(results[1].imports == 0, "an unchanged audit made \(results[1].imports) imports")
        let missing = environment.missing(of: findings)
        goals.require(missing == 0, "\(missing) findings are not in Security Hub")
        return results[1].microseconds
    }

    // MARK: A kill half-way

    private var pages: Int { (findings + 249) / 250 }

    /// Publishes an audit in which everything changed, kills the bridge when half of it is imported, and starts it again.
    private func killHalfWay(
        _ fleet: AuditedFleet, _ program: String, _ environment: AuditEnvironment, _ goals: inout Goals
    ) async throws {
        let audit = fleet.audit(number: 3, fleet.findings(findings, reason: "Everything changed."))
        environment.aws.add(audit)
        let listed = { environment.aws.calls(of: .listAuditFindings) }
        let first = try await environment.start(program, topics: [fleet.topic])
        try await environment.subscribe(first, to: fleet.topic)
        let before = listed()
        let queue = try await first.queue()
        try await environment.deliver(environment.notifications([(audit, fleet.topic)], to: first), to: first)
        try await eventually("half of the audit to be listed", within: .seconds(1800)) {
            listed() - before
        } is: {
            $0 > pages / 2
        }
        try await first.killImmediately()
        print("killed after \(listed() - before) of \(pages) pages")
        let killedAt = listed()
        try await environment.withBridge(program, topics: [fleet.topic]) { bridge in
            try await bridge.waitForNext(1, after: queue)
        }
        let rest = listed() - killedAt
        print("started again: \(rest) pages")
        goals.require(rest <= pages - pages / 2 + 5, "\(rest) pages were listed after the kill")
        let changed = environment.aws.findings().count {
            $0.contains(AuditEnvironment.isOfAudit) && $0.contains(Array("Everything changed.".utf8))
        }
        goals.require(changed == findings, "\(findings - changed) findings were not updated")
    }

    // MARK: PostgreSQL

    private func measurePostgreSQL(
        _ fleet: AuditedFleet, _ program: String, _ environment: AuditEnvironment, against sqlite: Double,
        _ goals: inout Goals
    ) async throws {
        let count = min(findings, Self.postgreSQLFindings)
        let all = fleet.findings(count)
        let cluster = try await PostgreSQLCluster(settings: ["shared_preload_libraries=pg_stat_statements"])
        try await withCleanup {
            let database = try await cluster.makeDatabase()
            try await cluster.run("CREATE EXTENSION pg_stat_statements")
            func statements() async throws -> Int {
                Int(
                    try await cluster.run(
                        "SELECT sum(calls) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid "
                            + "WHERE datname = '\(database)'"
                    ).first ?? "") ?? 0
            }
            try await environment.withBridge(program, store: cluster.url(database), topics: [fleet.topic]) { bridge in
                for (number, name) in ["new", "unchanged"].enumerated() {
                    let before = try await statements()
                    let pages = environment.aws.calls(of: .listAuditFindings)
                    let measurement = try await environment.measure(
                        [(fleet.audit(number: number, all), fleet.topic)], by: bridge)
                    measurement.printRow("the bridge", "\(name), PostgreSQL")
                    let perPage =
                        Double(try await statements() - before)
                        / Double(max(1, environment.aws.calls(of: .listAuditFindings) - pages))
                    print("\(Statistics.text(perPage)) statements for a page of ListAuditFindings")
                    guard name == "unchanged" else { continue }
                    goals.expect(
                        "PostgreSQL: CPU of the bridge for an unchanged finding, in that with SQLite",
                        measurement.microseconds / sqlite, atMost: 2)
                }
            }
        } cleanup: {
            try await cluster.crash()
        }
    }
}

extension AuditEnvironment {
    /// In every finding of an audit, not in those of its summaries.
    static let isOfAudit = Array("\"AuditFinding\"".utf8)

    /// The number of findings of an account's audit that are missing in Security Hub.
    func missing(of count: Int, in account: AccountID = PreparedAWS.account) -> Int {
        max(0, count - aws.findings(of: account).count { $0.contains(Self.isOfAudit) })
    }
}

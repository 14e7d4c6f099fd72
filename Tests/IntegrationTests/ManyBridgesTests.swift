import AWSCore
import Encoding
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite(
        "Several bridges on one PostgreSQL",
        .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"),
        .timeLimit(.minutes(15)))
    struct ManyBridges {
        private static let regions = ["us-east-1", "eu-west-1", "ap-south-1", "sa-east-1"]
        private static let limits = ["securityHub.requestsPerSecond": "1000", "securityHub.burst": "1000"]

        private func configure(_ configuration: inout LocalAWS.Configuration) {
            configuration.regions = Self.regions.compactMap { Region($0) }
        }

        /// The topics for alarms of all Regions.
        private func topics(_ world: IntegrationEnvironment) -> [ARN] {
            Self.regions.compactMap { Region($0) }.map {
                ARN(
                    service: "sns", accountRegion: AccountRegion(account: world.accountRegion.account, region: $0),
                    resource: "device-defender-detect")
            }
        }

        private func settings(_ world: IntegrationEnvironment, store url: String) -> [String: String] {
            Self.limits.merging([
                "store.url": url, "sns.topics": topics(world).map(\.description).joined(separator: ","),
                "catchUp.interval": "off",
            ]) { first, _ in first }
        }

        private func start(
            _ count: Int, in world: IntegrationEnvironment, _ settings: [String: String], arguments: [String] = []
        ) async throws -> [BridgeProcess] {
            try await withThrowingTaskGroup(of: BridgeProcess.self) { group in
                for _ in 0..<count { group.addTask { try await world.start(settings, arguments: arguments) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }

        /// Starts three bridges behind a load balancer that the topics of all Regions deliver to.
        private func startBalanced(in world: IntegrationEnvironment, _ settings: [String: String]) async throws
            -> [BridgeProcess]
        {
            let bridges = try await start(3, in: world, settings)
            let balancer = Balancer(bridges)
            let address = try await world.serve { await balancer.forward($0) }
            for topic in topics(world) {
                _ = try await world.aws.subscribe(
                    topic: topic, endpoint: "http://\(address)/sns", signatureVersion: .two)
            }
            return bridges
        }

        private func waitUntilReady(_ bridge: BridgeProcess) async throws {
            try await eventually("the bridge to be ready") {
                try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 200
            }
        }

        /// Publishes alarms in each Region, and returns the ids of the expected findings.
        private func publish(
            _ range: Range<Int>, in world: IntegrationEnvironment,
            attempts: [DeliveryReport.Attempt]? = [.responded(200)]
        ) async throws -> [AccountRegion: Set<String>] {
            try await withThrowingTaskGroup(of: (AccountRegion, Set<String>).self) { group in
                for topic in topics(world) {
                    group.addTask {
                        let scenario = FleetScenario(
                            accountRegion: topic.accountRegion, findings: 23,
                            startTime: Int64(Date().timeIntervalSince1970 * 1000) - 3 * 3_600_000)
                        let texts = try Alarms.make(range, from: scenario)
                            .map { String(decoding: $0.serialized(), as: UTF8.self) }
                        let reports = try await world.aws.publish(
                            topic: topic, messages: texts, signatureVersion: .two, concurrency: 4)
                        if let attempts { #expect(reports.filter { $0.attempts != attempts } == []) }
                        let delivered = zip(range, reports).filter { $1.outcome == .delivered }
                        return (
                            topic.accountRegion, Set(delivered.map { Alarms.findingID($0.0, in: topic.accountRegion) })
                        )
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
        }

        /// Waits until all findings are imported, each once.
        private func waitForFindings(_ expected: [AccountRegion: Set<String>], in world: IntegrationEnvironment)
            async throws
        {
            for (accountRegion, ids) in expected {
                try await eventually("\(ids.count) findings in \(accountRegion)", within: .seconds(60)) {
                    world.aws.findings(in: accountRegion).compactMap { $0["Id"]?.string }
                } is: { found in
                    ids.isSubset(of: found)
                }
                let found = world.aws.findings(in: accountRegion).compactMap { $0["Id"]?.string }
                #expect(Set(found).count == found.count)
            }
        }

        /// The number of findings that a bridge has sent.
        private func sent(by bridge: BridgeProcess) async throws -> Double {
            let text = try await Client.exchange(.get("/metrics"), with: bridge.admin).text
            return text.split(separator: "\n").filter { $0.hasPrefix("defender_bridge_findings_total{") }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
        }

        /// Runs a test with its own database.
        private func withDatabase(
            _ cluster: PostgreSQLCluster, _ body: (_ url: String) async throws -> Void
        ) async throws {
            let database = try await cluster.makeDatabase()
            try await withCleanup {
                try await body(cluster.url(database))
            } cleanup: {
                try await cluster.dropDatabase(database)
            }
        }

        @Test("Ten bridges share the load, four are killed meanwhile, and each finding is imported once")
        func killed() async throws {
            try await withDatabase(try await PostgreSQLCluster.shared.get()) { url in
                try await IntegrationEnvironment.run(configure) { world in
                    let settings = settings(world, store: url)
                    let bridges = try await start(
                        10, in: world, settings, arguments: try MappedLoad.arguments(world))
                    let balancer = Balancer(bridges)
                    let address = try await world.serve { await balancer.forward($0) }
                    for topic in topics(world) {
                        let report = try await world.aws.subscribe(
                            topic: topic, endpoint: "http://\(address)/sns", signatureVersion: .two)
                        #expect(report.attempts == [.responded(200)])
                    }
                    let first = try await publish(0..<10, in: world)
                    try await waitForFindings(first, in: world)
                    let active = try await bridges.asyncFilter { try await sent(by: $0) > 0 }
                    #expect(active.count >= 2, "only one bridge sent findings")

                    // Kill bridges that have processed deliveries.
                    let victims = Array(
                        (active + bridges.filter { one in !active.contains { $0 === one } }).prefix(4))
                    let publishing = Task { try await publish(10..<60, in: world) }
                    let items = MappedLoad.requests(0..<60)
                    let posting = Task { try await MappedLoad.post(items, to: address) }
                    try await eventually("incoming deliveries") { try await bridges[9].queue().completed > 45 }
                    for victim in victims {
                        balancer.remove(victim)
                        try await victim.kill()
                    }
                    try await waitForFindings(try await publishing.value, in: world)
                    try await posting.value
                    let survivor = try #require(bridges.first { one in !victims.contains { $0 === one } })
                    try await survivor.waitForCompletion(of: 4 * 60 + items.count)
                    try MappedLoad.expectAll(0..<60, in: world)
                    // One for incoming deliveries, one for notifications, up to four for processing.
                    let connections = "defender_bridge_postgresql_connections"
                    for pool in ["append", "listen"] {
                        #expect(try await survivor.metric(connections + #"{pool="\#(pool)"}"#) == 1, "\(pool)")
                    }
                    #expect((1...4).contains(try await survivor.metric(connections + #"{pool="work"}"#)))
                    for bridge in bridges where !victims.contains(where: { $0 === bridge }) { try await bridge.stop() }
                }
            }
        }

        @Test("The database crashes twice under load, acknowledged deliveries are not lost, and all bridges recover")
        func crashedDatabase() async throws {
            let cluster = try await PostgreSQLCluster()
            try await withDatabase(cluster) { url in
                try await IntegrationEnvironment.run {
                    configure(&$0)
                    $0.retryDelayScale = 0.05
                } _: { world in
                    let bridges = try await startBalanced(in: world, settings(world, store: url))
                    var expected: [AccountRegion: Set<String>] = [:]
                    for round in 0..<2 {
                        async let publishing = publish(round * 40..<(round + 1) * 40, in: world, attempts: nil)
                        try await eventually("incoming deliveries") {
                            try await bridges[0].queue().completed > round * 160 + 8
                        }
                        try await cluster.crash()
                        #expect(try await Client.exchange(.get("/healthz"), with: bridges[0].listen).status == 200)
                        try await cluster.start()
                        for (accountRegion, ids) in try await publishing {
                            expected[accountRegion, default: []].formUnion(ids)
                        }
                    }
                    for bridge in bridges { try await waitUntilReady(bridge) }
                    #expect(expected.values.map(\.count).reduce(0, +) > 160)
                    for (accountRegion, ids) in try await publish(100..<110, in: world) {
                        expected[accountRegion, default: []].formUnion(ids)
                    }
                    try await waitForFindings(expected, in: world)
                    for bridge in bridges { try await bridge.stop() }
                }
            }
            try await cluster.crash()
        }

        @Test(
            "The database fails over to its standby, acknowledged deliveries are not lost, and all bridges recover")
        func standby() async throws {
            let primary = try await PostgreSQLCluster()
            let database = try await primary.makeDatabase()
            let standby = try await PostgreSQLCluster(standbyOf: primary)
            let url =
                "postgresql://postgres@127.0.0.1:\(primary.port),127.0.0.1:\(standby.port)/\(database)"
                + "?sslmode=disable&target_session_attrs=read-write"
            try await IntegrationEnvironment.run {
                configure(&$0)
                $0.retryDelayScale = 0.05
            } _: { world in
                let bridges = try await startBalanced(in: world, settings(world, store: url))
                async let publishing = publish(0..<40, in: world, attempts: nil)
                try await eventually("incoming deliveries") { try await bridges[0].queue().completed > 8 }
                try await primary.crash()
                try await standby.promote()
                let acknowledged = try await publishing
                for bridge in bridges { try await waitUntilReady(bridge) }
                let later = try await publish(100..<110, in: world)
                let expected = acknowledged.merging(later) { $0.union($1) }
                #expect(expected.values.map(\.count).reduce(0, +) > 80)
                try await waitForFindings(expected, in: world)
                for bridge in bridges { try await bridge.stop() }
            }
            try await standby.crash()
        }

        @Test("A TLS connection is fully verified, with the password from the environment and the URL from a file")
        func verifiedTLS() async throws {
            let files = try TemporaryFolder()
            let certificate = try await TestCertificate.make("database", in: files)
            let other = try await TestCertificate.make("stranger", in: files)
            let cluster = try await PostgreSQLCluster(
                settings: ["ssl=on", "ssl_cert_file=database.pem", "ssl_key_file=database.key"]
            ) { data in
                for (source, name) in [(certificate.certificate, "database.pem"), (certificate.key, "database.key")] {
                    try FileManager.default.copyItem(atPath: source, toPath: "\(data)/\(name)")
                }
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(data)/database.key")
                try Data(
                    """
                    host all postgres 127.0.0.1/32 trust
                    hostssl all bridge 127.0.0.1/32 scram-sha-256

                    """.utf8
                ).write(to: URL(filePath: "\(data)/pg_hba.conf"))
            }
            let password = "p/w:?#@ word"
            try await cluster.run("CREATE ROLE bridge LOGIN PASSWORD '\(password)'")
            try await cluster.run("CREATE DATABASE bridge OWNER bridge")
            func file(_ authority: String) throws -> String {
                try files.write(
                    "postgresql://bridge@localhost:\(cluster.port)/bridge?sslmode=verify-full&sslrootcert=\(authority)\n",
                    as: "url")
            }
            try await IntegrationEnvironment.run { world in
                var settings = ["store.url": "", "store.urlFile": try file(certificate.authority)]
                let bridge = try await world.start(settings, environment: ["PGPASSWORD": password])
                #expect(try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 200)
                let used = try await cluster.run(
                    "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'bridge' AND NOT ssl"
                )
                #expect(used == ["0"])
                try await bridge.stop()
                #expect(!bridge.program.errorLines.contains { $0.contains(password) })

                // Either can be corrected on the server, so the bridge keeps retrying and reports the reason.
                for (authority, given, expected) in [
                    (other.authority, password, "certificate verify failed"),
                    (certificate.authority, "wrong", "password authentication failed"),
                ] {
                    settings["store.urlFile"] = try file(authority)
                    let bridge = try await world.start(settings, environment: ["PGPASSWORD": given])
                    try await eventually("the reason") {
                        bridge.log.compactMap { $0["reason"]?.string }
                    } is: { reasons in
                        reasons.contains { $0.contains(expected) }
                    }
                    #expect(try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 503)
                    try await bridge.stop()
                    #expect(!bridge.program.errorLines.contains { $0.contains(password) })
                }
            }
            try await cluster.crash()
        }
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncFilter(_ isIncluded: (Element) async throws -> Bool) async rethrows -> [Element] {
        var result: [Element] = []
        for element in self where try await isIncluded(element) { result.append(element) }
        return result
    }
}

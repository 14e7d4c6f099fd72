import AWSCore
import Bridge
import Encoding
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Telemetry

extension IntegrationTests {
    @Suite("Start with an unavailable store", .timeLimit(.minutes(15)))
    struct Starts {
        private static let began = LogEvent.storeUnavailable
        private static let ended = LogEvent.storeAvailable

        /// Expects that a bridge waits for its store, and is ready when the store is available.
        private func expectWait(
            of bridge: BridgeProcess, in world: IntegrationEnvironment, reason: String,
            until makeAvailable: () async throws -> Void
        ) async throws {
            let alarms = try Alarms.make(0..<1, from: world.scenario())
            let body = try await world.signedBody(of: String(decoding: alarms[0].serialized(), as: UTF8.self))
            for _ in 0..<3 {
                try ClientResponse.expectUnavailable(try await Client.exchange(.sns(body), with: bridge.listen))
            }
            try ClientResponse.expectUnavailable(try await Client.exchange(.get("/readyz"), with: bridge.listen))
            #expect(try await Client.exchange(.get("/healthz"), with: bridge.listen).status == 200)
            #expect(
                try await Client.exchange(.get("/status.json"), with: bridge.admin).json["health"]?["state"]
                    == "unknown")
            #expect(try await bridge.metric("defender_bridge_store_up") == 0)
            bridge.program.signal(SIGHUP)
            try await makeAvailable()
            try await eventually("the bridge to be ready") {
                try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 200
            }
            #expect(try await Client.exchange(.sns(body), with: bridge.listen).status == 200)
            try await bridge.waitForCompletion(of: 1)
            try await eventually("the log message of the recovery") { bridge.log(Self.ended).count == 1 }
            #expect(try await bridge.metric("defender_bridge_store_up") == 1)
            try await eventually("the log message of the reload") {
                bridge.log(.configurationUnchanged).count == 1
            }
            try await bridge.stop()
            let lines = bridge.log(Self.began)
            #expect(lines.count == 1, "\(lines)")
            #expect(lines.first?["reason"]?.string?.contains(reason) == true, "\(lines)")
            // There are no other warnings.
            #expect(bridge.log.filter { $0["level"] == "warning" } == [], "\(bridge.log)")
        }

        @Test(
            "with a database that is down, the bridge responds with 503, and is ready when the database is up",
            .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"))
        func databaseDown() async throws {
            let cluster = try await PostgreSQLCluster()
            let database = try await cluster.makeDatabase()
            try await cluster.crash()
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(["store.url": cluster.url(database)])
                try await expectWait(of: bridge, in: world, reason: "The database cannot be reached") {
                    try await cluster.start()
                }
                // A permanent problem that appears only then ends the bridge.
                try await cluster.run("INSERT INTO bridge_migration (step) VALUES ('of the future')", in: database)
                try await cluster.crash()
                let other = try await world.start(["store.url": cluster.url(database)])
                try await cluster.start()
                let (exit, _) = try await other.program.waitForExit()
                #expect(exit == .init(status: 78, wasKilled: false))
                #expect(
                    other.program.errorLines.contains {
                        $0.hasPrefix("defender-bridge: store.url: The store was written by a newer version")
                    }, "\(other.program.errorLines)")
            }
            try await cluster.crash()
        }

        @Test(
            "with a full disk, the bridge responds with 503, and is ready when there is space",
            .enabled(if: geteuid() == 0, "only the superuser may mount"))
        func diskFull() async throws {
            try await IntegrationEnvironment.run { world in
                let folder = try world.folder.mount(size: "4m")
                try await withCleanup {
                    try RunningProgram.fill(folder + "/ballast")
                    let bridge = try await world.start(["store.url": "sqlite://\(folder)/store.db"])
                    try await expectWait(of: bridge, in: world, reason: "The disk is full.") {
                        try FileManager.default.removeItem(atPath: folder + "/ballast")
                    }
                } cleanup: {
                    try TemporaryFolder.unmount(folder)
                }
            }
        }

        @Test(
            "with an unknown database host, the bridge waits, and a signal ends it immediately",
            arguments: [SIGTERM, SIGINT])
        func unknownName(signal: Int32) async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(["store.url": "postgresql://bridge@database.invalid/bridge"])
                try ClientResponse.expectUnavailable(try await Client.exchange(.get("/readyz"), with: bridge.listen))
                try await bridge.stop(with: signal)
                #expect(bridge.log(Self.began).count == 1)
            }
        }

        @Test("a command on a database that is down ends with exit code 75 and one line")
        func commands() async throws {
            let url = "postgresql://bridge@\(try Client.freeAddress())/bridge"
            for command in [["queue"], ["pause"], ["dead-letters", "list"]] {
                let program = try await RunningProgram.run(
                    [Paths.program] + command + ["--set", "store.url=\(url)"])
                #expect(program.exit == .init(status: 75, wasKilled: false))
                #expect(program.errorLines.count == 1, "\(program.errorLines)")
            }
        }

        @Test("a missing certificate file in the database URL is a configuration error")
        func missingCertificate() async throws {
            let url =
                "postgresql://bridge@\(try Client.freeAddress())/bridge?sslmode=verify-full&sslrootcert=/nowhere.pem"
            let program = try await RunningProgram.run(
                [Paths.program, "serve", "--set", "store.url=\(url)", "--set", "listen.address=127.0.0.1:0"]
                    + ["--set", "admin.address=127.0.0.1:0"])
            #expect(program.exit == .init(status: 78, wasKilled: false))
            #expect(
                program.errorLines.map { $0.hasPrefix("defender-bridge: store.url: Cannot read the sslrootcert file") }
                    == [
                        true
                    ],
                "\(program.errorLines)")
        }

        // MARK: Large files

        @Test(
            "a large store with hidden damage is served until the check finds it, ends with 78 and is not served again"
        )
        func damagedDeepInside() async throws {
            try await IntegrationEnvironment.run { world in
                let first = try await world.start()
                try await first.stop()
                try await world.fillLedger(findings: 6000)
                try await world.damageLedger()
                let damaged = try Data(contentsOf: URL(filePath: world.storePath))
                let bridge = try await world.start()
                let (exit, _) = try await bridge.program.waitForExit()
                #expect(exit == .init(status: 78, wasKilled: false))
                #expect(
                    bridge.program.errorLines.contains {
                        $0.hasPrefix("defender-bridge: store.url: The store's file is damaged")
                    }, "\(bridge.program.errorLines)")

                let rejected = try await RunningProgram.run(
                    [Paths.program, "serve", "--set", "listen.address=127.0.0.1:0"] + world.flags
                        + ["--set", "admin.address=127.0.0.1:0"], environment: world.environment)
                #expect(rejected.exit == .init(status: 78, wasKilled: false))
                #expect(rejected.errorLines.count == 1, "\(rejected.errorLines)")

                let second = try await world.start(arguments: ["--replace-damaged-store"])
                #expect(try await Client.exchange(.get("/readyz"), with: second.listen).status == 200)
                try await second.stop()
                let aside = try Data(contentsOf: URL(filePath: world.storePath + ".damaged-1"))
                #expect(aside.count == damaged.count)
            }
        }

        // MARK: Removed files

        @Test(
            "a removed or replaced store file results in 503 and one log message, also without deliveries",
            arguments: ["unlink", "replace"])
        func fileGone(how: String) async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                #expect(try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 200)
                if how == "replace" {
                    let other = try await world.start(["store.url": "sqlite://\(world.folder.path)/other.db"])
                    try await other.stop()
                    #expect(rename(world.folder.path + "/other.db", world.storePath) == 0)
                } else {
                    #expect(unlink(world.storePath) == 0)
                }
                // No request reaches the bridge meanwhile.
                let lines = try await eventually("the log message", { bridge.log(Self.began) }, is: { !$0.isEmpty })
                #expect(lines.first?["reason"]?.string?.contains("The store's file was removed or replaced") == true)
                let body = try await world.signedBody(of: "{}")
                try ClientResponse.expectUnavailable(try await Client.exchange(.sns(body), with: bridge.listen))
                try ClientResponse.expectUnavailable(try await Client.exchange(.get("/readyz"), with: bridge.listen))
                #expect(try await Client.exchange(.get("/healthz"), with: bridge.listen).status == 200)
                #expect(try await bridge.metric("defender_bridge_store_up") == 0)
                try await bridge.stop()
                #expect(bridge.log(Self.began).count == 1)
            }
        }
    }
}

extension IntegrationEnvironment {
    /// Adds findings to the ledger that need more than a page each. No bridge may be running.
    fileprivate func fillLedger(findings: Int) async throws {
        try await change(
            """
            INSERT INTO account_region (number, name) VALUES (1, '\(accountRegion.account)/\(accountRegion.region)');
            INSERT INTO finding (id_hash, account_region, finding_group, kind, subject_hash, created_at, updated_at,
                event_time, first_observed_at, last_observed_at, condition, record_state, is_sent, severity)
            WITH RECURSIVE number (value) AS (
                SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < \(findings)
            )
            SELECT randomblob(32), 1, 1, 'audit', randomblob(32), 1, 2, 3, 4, 5, 'present', 'active', 1, 'HIGH'
                FROM number;
            INSERT INTO finding_content (number, content) SELECT number, zeroblob(3800) FROM finding;
            INSERT INTO finding_count (account_region, kind, source_name, severity, record_state, is_sent, count)
            VALUES (1, 'audit', '', 'HIGH', 'active', 1, \(findings));
            PRAGMA wal_checkpoint(TRUNCATE);
            """)
    }

    /// Overwrites a page of ledger rows in the middle of the file.
    fileprivate func damageLedger() async throws {
        let handle = try FileHandle(forUpdating: URL(filePath: storePath))
        var page = try handle.seekToEnd() / 4096 / 2
        repeat {
            page += 1
            try handle.seek(toOffset: page * 4096)
        } while try handle.read(upToCount: 1) != Data([0x0D])
        try handle.seek(toOffset: page * 4096)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        try handle.close()
    }
}

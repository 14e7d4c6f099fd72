import AWSCore
import Encoding
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

/// Each alert of `deploy/prometheus` fires in a real Prometheus when a bridge has a real fault.
@Suite("Alerts", .serialized, .timeLimit(.minutes(15)))
struct AlertTests {
    /// Posts a body repeatedly until an alert fires.
    private func post(
        _ body: [UInt8], to bridge: BridgeProcess, expecting status: Int, until prometheus: PrometheusProcess,
        fires name: String, _ labels: [String: String] = [:]
    ) async throws {
        try await prometheus.waitForAlert(name, labels) {
            let response = try await Client.exchange(.sns(body), with: bridge.listen)
            #expect(response.status == status)
        }
    }

    @Test("a process that is killed, restarts repeatedly, lacks CPU, or has an invalid configuration")
    func process() async throws {
        try await IntegrationEnvironment.run { world in
            let admin = try Client.freeAddress()
            let file = try world.folder.write("log: {level: info}", as: "bridge.yaml")
            func start() async throws -> BridgeProcess {
                try await world.start(["admin.address": admin], arguments: ["--config", file])
            }
            var bridge = try await start()
            let prometheus = try await PrometheusProcess(scraping: [admin], in: world)
            try world.folder.write("log: {level: very loud}", as: "bridge.yaml")
            bridge.program.signal(SIGHUP)
            try await prometheus.waitForAlert("DefenderBridgeReloadFailed", ["instance": admin])
            try world.folder.write("log: {level: info}", as: "bridge.yaml")
            bridge.program.signal(SIGHUP)
            try await prometheus.waitForEnd(of: ["DefenderBridgeReloadFailed"])

            let stopping = Task { [bridge] in
                while !Task.isCancelled {
                    bridge.program.signal(SIGSTOP)
                    try? await Task.sleep(for: .milliseconds(1500))
                    bridge.program.signal(SIGCONT)
                    try? await Task.sleep(for: .milliseconds(300))
                }
            }
            let slow = await Result { try await prometheus.waitForAlert("DefenderBridgeSlow", ["instance": admin]) }
            stopping.cancel()
            await stopping.value
            _ = try slow.get()

            for round in 0..<3 {
                try await bridge.kill()
                if round == 0 { try await prometheus.waitForAlert("DefenderBridgeDown", ["instance": admin]) }
                bridge = try await start()
                // Prometheus must have seen each of the processes.
                try await eventually("a scrape", { try await prometheus.starts(of: admin) }, is: { $0 == round + 1 })
            }
            try await prometheus.waitForAlert("DefenderBridgeRestarting", ["instance": admin])
            try await bridge.stop()
        }
    }

    @Test("topics that are silent, unsubscribed, not allowed, or whose signing certificate is unavailable")
    func intake() async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start()
            let cutOff = try await world.start([
                "store.url": "sqlite://\(world.folder.path("other.db"))",
                "network.connectTo": "sns.us-east-1.amazonaws.com:443:\(try Client.freeAddress())",
            ])
            let prometheus = try await PrometheusProcess(
                scraping: [bridge.admin, cutOff.admin],
                // Fetches from one host are limited to one each ten seconds.
                replacing: ["26 * 3600": "5", "          ) > 2\n": "          ) > 0\n"], in: world)
            try await world.subscribe(bridge, to: world.topics.audit)
            _ = try await world.aws.unsubscribe(topic: world.topics.audit, endpoint: bridge.endpoint)
            try await prometheus.waitForAlert("DefenderBridgeSubscriptionNotConfirmed", ["state": "ended"])
            let foreign = try await world.signedBody(
                of: "{}", topic: ARN(service: "sns", accountRegion: world.accountRegion, resource: "other-application"))
            try await post(
                foreign, to: bridge, expecting: 403, until: prometheus, fires: "DefenderBridgeDeliveriesRefused",
                ["route": "/sns"])
            try await post(
                try await world.signedBody(of: "{}"), to: cutOff, expecting: 503, until: prometheus,
                fires: "DefenderBridgeSigningCertificateUnavailable", ["instance": cutOff.admin])
            try await prometheus.waitForAlert("DefenderBridgeNothingReceived")
            for each in [bridge, cutOff] { try await each.stop() }
        }
    }

    @Test("a TLS certificate that expires soon, and one that cannot be used")
    func certificate() async throws {
        try await IntegrationEnvironment.run { world in
            let tls = try TestCertificate.expiring(in: world.folder, days: 5)
            let bridge = try await world.start(tls.settings)
            let prometheus = try await PrometheusProcess(scraping: [bridge.admin], in: world)
            try await prometheus.waitForAlert("DefenderBridgeCertificateExpires", ["instance": bridge.admin])
            try world.folder.write("not a certificate", as: "expiring.pem")
            bridge.program.signal(SIGHUP)
            try await prometheus.waitForAlert("DefenderBridgeCertificateReloadFailed", ["instance": bridge.admin])
            try await bridge.stop()
        }
    }

    @Test("AWS that denies, fails or throttles, overdue catch-up, and dead letters")
    func cloud() async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start(["catchUp.interval": "1m", "deadLetters.maxCount": "2"])
            let prometheus = try await PrometheusProcess(
                scraping: [bridge.admin],
                // Ages of seconds instead of a minute, few throttles, and three seconds without catch-up.
                replacing: [
                    "}) > 60\n": "}) > 2\n", "[15m])) > 50": "[15m])) > 2", "() 3 *": "() 0.05 *", ") > 300": ") > 2",
                    "          ) > 10\n": "          ) > 0\n",
                ], in: world)
            let accountRegion = [
                "account": world.accountRegion.account.digits, "region": world.accountRegion.region.name,
            ]
            let alarms = try Alarms.make(0..<2, from: world.scenario())
            try await world.subscribe(bridge, to: world.topics.detect)

            try await world.publish([["hello": 1]], to: world.topics.detect)
            try await prometheus.waitForAlert("DefenderBridgeDeadLetters", accountRegion)
            // A channel has half of the limit.
            try await prometheus.waitForAlert("DefenderBridgeDeadLettersNearLimit", ["limit": "count"])
            try await world.publish([["hello": 2]], to: world.topics.detect)
            try await prometheus.waitForAlert("DefenderBridgeDeadLettersDropped", ["limit": "count"])

            world.aws.fail(.batchImportFindings, count: 100_000, status: 403, code: "AccessDeniedException")
            try await world.publish([alarms[0]], to: world.topics.detect)
            try await prometheus.waitForAlert("DefenderBridgeAccountDenied", accountRegion)
            // DefenderBridgeAccountDenied covers it.
            let firing = try await prometheus.alerts().filter(\.isFiring).map(\.name)
            #expect(!firing.contains("DefenderBridgeDeliveriesWait"))
            world.aws.clearFaults()
            try await prometheus.waitForEnd(of: ["DefenderBridgeAccountDenied"])

            world.aws.fail(.batchImportFindings, count: 100_000, status: 500, code: "InternalException")
            try await world.publish([alarms[1]], to: world.topics.detect)
            try await prometheus.waitForAlert("DefenderBridgeDeliveriesWait", accountRegion)
            try await prometheus.waitForAlert(
                "DefenderBridgeAWSFails", ["service": "securityhub", "operation": "BatchImportFindings"])
            world.aws.clearFaults()
            world.aws.fail(.batchImportFindings, count: 100_000, status: 429, code: "TooManyRequestsException")
            try await prometheus.waitForAlert("DefenderBridgeThrottled", accountRegion)
            world.aws.clearFaults()
            try await prometheus.waitForAlert("DefenderBridgeDeliveriesSlow")

            world.aws.fail(.listAuditTasks, count: 100_000, status: 403, code: "AccessDeniedException")
            try await prometheus.waitForAlert("DefenderBridgeCatchUpBehind", accountRegion)
            try await bridge.stop()
        }
    }

    @Test("a clock that is set ahead")
    func clock() async throws {
        try await IntegrationEnvironment.run { world in
            let clock = try await ProgramClock(in: world.folder)
            let bridge = try await world.start(environment: clock.environment)
            let prometheus = try await PrometheusProcess(scraping: [bridge.admin], in: world)
            try clock.set(ahead: 7200)
            try await prometheus.waitForAlert("DefenderBridgeClockNotTrusted", ["instance": bridge.admin])
            try await bridge.stop()
        }
    }

    @Test(
        "an account that its replica does not process, and a replica with a wrong clock",
        .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"))
    func replicas() async throws {
        let cluster = try await PostgreSQLCluster.shared.get()
        let database = try await cluster.makeDatabase()
        try await IntegrationEnvironment.run { world in
            let clock = try await ProgramClock(in: world.folder)
            try clock.set(ahead: 10)
            let bridge = try await world.start(["store.url": cluster.url(database)])
            let other = try await world.start(["store.url": cluster.url(database)], environment: clock.environment)
            let prometheus = try await PrometheusProcess(scraping: [bridge.admin, other.admin], in: world)
            try await prometheus.waitForAlert("DefenderBridgeClockOffset")
            try clock.set(ahead: 0)
            try await prometheus.waitForEnd(of: ["DefenderBridgeClockOffset"])

            let alarms = try Alarms.make(0..<2, from: world.scenario())
            try await world.subscribe(bridge, to: world.topics.detect)
            try await world.publish([alarms[0]], to: world.topics.detect)
            try await bridge.waitForCompletion(of: 1)
            // A session that keeps a transaction open has locked the ownership: no replica can lease, and heartbeats go on.
            let locking = Task {
                try await cluster.run(
                    """
                    BEGIN; UPDATE origin_holder SET worked_at = clock_timestamp() - interval '2 minutes'; COMMIT;
                    BEGIN; SELECT 1 FROM origin_holder FOR UPDATE; SELECT pg_sleep(300)
                    """, in: database)
            }
            let session =
                "FROM pg_stat_activity WHERE datname = '\(database)' AND wait_event = 'PgSleep' AND query LIKE '%origin_holder%'"
            try await withCleanup {
                try await eventually("the lock") { try await cluster.run("SELECT pid \(session)").count == 1 }
                try await world.publish([alarms[1]], to: world.topics.detect)
                _ = try await cluster.run(
                    "UPDATE delivery SET ready_at = ready_at - 120000 WHERE state = 'pending'", in: database)
                try await prometheus.waitForAlert(
                    "DefenderBridgeAccountStalled",
                    ["account": world.accountRegion.account.digits, "region": world.accountRegion.region.name])
            } cleanup: {
                _ = try await cluster.run("SELECT pg_terminate_backend(pid) \(session)")
                _ = await locking.result
            }
            try await bridge.waitForCompletion(of: 2)
            try await prometheus.waitForEnd(of: ["DefenderBridgeAccountStalled"])
            for each in [bridge, other] { try await each.stop() }
        }
        try await cluster.dropDatabase(database)
    }

    @Test("a pause, and a queue that fills during it")
    func queue() async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start(["store.maxPending": "10"])
            let prometheus = try await PrometheusProcess(scraping: [bridge.admin], in: world)
            try await world.subscribe(bridge, to: world.topics.detect)
            let paused = try await RunningProgram.run([Paths.program, "pause"] + bridge.storeFlags)
            #expect(paused.exit?.status == 0, "\(paused.errorLines)")
            try await prometheus.waitForAlert("DefenderBridgePaused", ["account": "all"])
            try await world.publish(try Alarms.make(0..<9, from: world.scenario()), to: world.topics.detect)
            try await prometheus.waitForAlert("DefenderBridgeQueueFilling")
            try await bridge.stop()
        }
    }

    @Test("a disk that is nearly full, then full", .enabled(if: geteuid() == 0, "only the superuser may mount"))
    func disk() async throws {
        try await IntegrationEnvironment.run { world in
            let folder = try world.folder.mount(size: "4m")
            try await withCleanup {
                let bridge = try await world.start(["store.url": "sqlite://\(folder)/store.db"])
                let body = try await world.signedBody(of: "{}")
                let prometheus = try await PrometheusProcess(scraping: [bridge.admin], in: world)
                try await prometheus.waitForAlert("DefenderBridgeDiskFilling", ["instance": bridge.admin])
                try RunningProgram.fill(folder + "/ballast")
                try await eventually("the disk to be full") {
                    try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 503
                }
                try await post(
                    body, to: bridge, expecting: 503, until: prometheus, fires: "DefenderBridgeDeliveriesDeferred",
                    ["instance": bridge.admin])
                try await prometheus.waitForAlert("DefenderBridgeStoreDown", ["instance": bridge.admin])
                try await bridge.stop()
            } cleanup: {
                try TemporaryFolder.unmount(folder)
            }
        }
    }
}

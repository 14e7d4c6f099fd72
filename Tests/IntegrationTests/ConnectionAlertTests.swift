import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

/// The alerts about connections, keys of tokens and silent sources fire in a real Prometheus when a bridge has a real
/// fault.
@Suite("Alerts about connections", .serialized, .timeLimit(.minutes(15)))
struct ConnectionAlertTests {
    @Test("TLS handshakes that fail") func tls() async throws {
        try await IntegrationEnvironment.run { world in
            let certificate = try await TestCertificate.make("server", in: world.folder)
            let bridge = try await world.start(certificate.settings)
            let prometheus = try await PrometheusProcess(
                scraping: [bridge.admin], replacing: ["          > 20\n": "          > 0\n"], in: world)
            try await prometheus.waitForAlert(
                "DefenderBridgeConnectionsFail", ["instance": bridge.admin, "code": "tls_failed"]
            ) {
                _ = try await Client.exchangeAll(.get("/healthz"), with: bridge.listen)
            }
            try await bridge.stop()
        }
    }

    @Test("a listener whose connections are all in use") func limit() async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start(["listen.maxConnections": "1"])
            let prometheus = try await PrometheusProcess(scraping: [bridge.admin], in: world)
            try await prometheus.waitForAlert("DefenderBridgeConnectionLimitReached", ["instance": bridge.admin]) {
                var clients: [Client] = []
                defer { for client in clients { client.close() } }
                // A connection with an incomplete request is not idle, once the bridge has read its first bytes.
                for _ in 0..<6 {
                    let client = try Client(bridge.listen)
                    clients.append(client)
                    client.send(Array("POST /sns HTTP/1.1\r\n".utf8))
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            try await bridge.stop()
        }
    }

    @Test("an issuer that cannot be reached") func tokenKeys() async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start([
                "eventBridge.oauth.issuer": "https://issuer.example/", "eventBridge.oauth.audience": "bridge",
                "eventBridge.oauth.jwksURL": "https://issuer.example/keys",
                "network.connectTo": (world.aws.connectTo + ["issuer.example:443:\(try Client.freeAddress())"])
                    .joined(separator: ","),
            ])
            let prometheus = try await PrometheusProcess(
                scraping: [bridge.admin],
                // Fetches are limited to one each ten seconds.
                replacing: [#"{outcome="failed"}[10m])) > 2"#: #"{outcome="failed"}[10m])) > 0"#], in: world)
            func part(_ json: JSON) -> String {
                Data(json.serialized()).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
                    .replacing("=", with: "")
            }
            let expiry = Int64(Date().timeIntervalSince1970) + 600
            let claims: JSON = ["iss": "https://issuer.example/", "aud": ["bridge"], "exp": .integer(expiry)]
            let token = [part(["alg": "RS256"]), part(claims), "AAAA"].joined(separator: ".")
            let request = Request("POST", "/eventbridge", ["authorization": "Bearer \(token)"], body: [])
            try await prometheus.waitForAlert("DefenderBridgeTokenKeysUnavailable", ["instance": bridge.admin]) {
                let response = try await Client.exchange(request, with: bridge.listen)
                #expect(response.status == 503)
            }
            try await bridge.stop()
        }
    }

    @Test("a source that stops to deliver") func source() async throws {
        try await IntegrationEnvironment.run { world in
            let secret = "0123456789abcdef0123456789abcdef"
            let file = try world.folder.write(
                """
                sources:
                  plant:
                    mapping: alertmanager
                    webhook:
                      {account: "111122223333", region: us-east-1, auth: {bearer: {token: \(secret)}}}
                """, as: "sources.yaml")
            let bridge = try await world.start(arguments: ["--config", file])
            let prometheus = try await PrometheusProcess(
                scraping: [bridge.admin],
                // Silences of seconds.
                replacing: ["_seconds) > 86400\n": "_seconds) > 3\n", "[14d:1h]": "[5m:1s]"], in: world)
            let body: JSON = ["alerts": [["fingerprint": "f", "status": "firing"]]]
            let request = Request(
                "POST", "/webhooks/plant", ["authorization": "Bearer \(secret)"], body: body.serialized())
            try await eventually("Prometheus to see deliveries for eight seconds", within: .seconds(60)) {
                let response = try await Client.exchange(request, with: bridge.listen)
                #expect(response.status == 200, "\(response.text)")
                return try await prometheus.value(
                    of: "changes(defender_bridge_source_last_delivery_timestamp_seconds[5m])")
            } is: {
                $0 >= 8
            }
            let alerts = try await prometheus.alerts()
            #expect(!alerts.contains { $0.name == "DefenderBridgeSourceSilent" })
            try await prometheus.waitForAlert("DefenderBridgeSourceSilent", ["source": "plant"])
            try await bridge.stop()
        }
    }

    @Test(
        "a database that accepts no connections",
        .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"))
    func database() async throws {
        let cluster = try await PostgreSQLCluster.shared.get()
        let database = try await cluster.makeDatabase()
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start(["store.url": cluster.url(database)])
            let prometheus = try await PrometheusProcess(scraping: [bridge.admin], in: world)
            // As after the limit on connections is reached: those of the bridge end, and it gets no new ones.
            _ = try await cluster.run("ALTER DATABASE \(database) ALLOW_CONNECTIONS false")
            _ = try await cluster.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database)'")
            try await prometheus.waitForAlert(
                "DefenderBridgeDatabaseConnectionsFail", ["instance": bridge.admin])
            _ = try await cluster.run("ALTER DATABASE \(database) ALLOW_CONNECTIONS true")
            try await prometheus.waitForEnd(of: ["DefenderBridgeStoreDown"])
            try await bridge.stop()
        }
        try await cluster.dropDatabase(database)
    }
}

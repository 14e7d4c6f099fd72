import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The health command", .timeLimit(.minutes(15)))
    struct HealthCommand {
        private func health(_ bridge: BridgeProcess, _ arguments: String...) async throws -> RunningProgram {
            try await RunningProgram.run(
                [Paths.program, "health", "--set", "admin.address=\(bridge.admin)"] + arguments)
        }

        @Test("health succeeds with TLS and the PROXY protocol on the listener, and with a configuration file")
        func succeeds() async throws {
            try await IntegrationEnvironment.run { world in
                let tls = try await TestCertificate.make("server", in: world.folder)
                let bridge = try await world.start(
                    tls.settings.merging([
                        "listen.proxyProtocol": "true", "listen.trustedProxies": "127.0.0.1",
                        "admin.address": "0.0.0.0:0",
                    ]) { _, last in last })
                for (arguments, body) in [([], #"{"status":"ready"}"#), (["--live"], #"{"status":"ok"}"#)] {
                    let file = try world.folder.write("admin:\n  address: \(bridge.admin)\n", as: "bridge.yaml")
                    let program = try await RunningProgram.run(
                        [Paths.program, "health", "--config", file] + arguments,
                        // The proxy for requests to AWS does not apply.
                        environment: ["http_proxy": "http://127.0.0.1:1"])
                    #expect(program.exit == .init(status: 0, wasKilled: false), "\(program.errorLines)")
                    #expect(program.outputLines == [body])
                }
                try await bridge.stop()
                let gone = try await health(bridge)
                #expect(gone.exit == .init(status: 1, wasKilled: false))
                #expect(gone.errorLines.count == 1 && gone.errorLines[0].contains("/readyz: no response: "))
            }
        }

        @Test("health fails while the store rejects writes, and health --live does not")
        func storeUnavailable() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                for table in ["delivery", "probe"] {
                    try await world.change(
                        """
                        CREATE TRIGGER reject_\(table) BEFORE INSERT ON \(table)
                        BEGIN SELECT RAISE(ABORT, 'rejected by the test'); END
                        """)
                }
                let ready = try await health(bridge)
                #expect(ready.exit == .init(status: 1, wasKilled: false))
                #expect(ready.errorLines.count == 1 && ready.errorLines[0].contains("/readyz: status 503: "))
                #expect(try await health(bridge, "--live").exit == .init(status: 0, wasKilled: false))
                try await bridge.kill()
            }
        }

        @Test("port 0 as admin.address is a configuration error")
        func portZero() async throws {
            let program = try await RunningProgram.run(
                [Paths.program, "health", "--set", "admin.address=127.0.0.1:0"])
            #expect(program.exit == .init(status: 78, wasKilled: false))
            #expect(program.errorLines.first?.contains("admin.address: port 0") == true, "\(program.errorLines)")
        }
    }
}

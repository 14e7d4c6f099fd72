import Foundation
import JSON
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The config command", .timeLimit(.minutes(15)))
    struct ConfigCommands {
        private func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> RunningProgram {
            try await RunningProgram.run([Paths.program, "config"] + arguments, environment: environment)
        }

        @Test(
            "validate reports all problems with file and line and exit code 78, and says that a configuration is valid")
        func validate() async throws {
            let folder = try TemporaryFolder()
            let mapping = try folder.write("ids: 1\n", as: "plant.yaml")
            let file = try folder.write(
                """
                listen: {loops: 0}
                sns.topic: x
                sources:
                  plant: {mapping: plant.yaml, topics: ["arn:aws:sns:us-east-1:111122223333:a"]}
                """, as: "bridge.yaml")
            let invalid = try await run(
                ["validate", "--config", file], environment: ["AWS_ENDPOINT_URL_IOT": "iot", "BRIDGE_LOG_LEVEL": "x"])
            #expect(invalid.exit == .init(status: 78, wasKilled: false))
            #expect(invalid.outputLines == [])
            for start in [
                "\(file):1: listen.loops: invalid value", "\(file):2: sns.topic: unknown key. Did you mean sns.topics?",
                "log.level: invalid value", "\(mapping):1: ids: unknown key. Did you mean id?",
                "AWS_ENDPOINT_URL_IOT: ",
            ] {
                #expect(
                    invalid.errorLines.contains { $0.hasPrefix("defender-bridge: \(start)") },
                    "\(start): \(invalid.errorLines)")
            }
            let key = try await run(
                ["validate", "--set", "listen.tls.certificate=/none", "--set", "listen.tls.privateKey=/none"])
            #expect(key.exit?.status == 78)
            #expect(
                key.errorLines.first?.hasPrefix("defender-bridge: listen.tls.certificate: cannot read /none.") == true)
        }

        @Test("validate uses neither the store nor a network, prints warnings, and with --quiet nothing")
        func valid() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write(
                "store.url: postgresql://bridge@127.0.0.1:1/none\nlisten.address: 192.0.2.1:1\n", as: "bridge.yaml")
            let program = try await run(["validate", "--config", file])
            #expect(program.exit == .init(status: 0, wasKilled: false))
            #expect(program.outputLines == ["\(file): valid"])
            #expect(
                program.errorLines.count == 1
                    && program.errorLines[0].hasPrefix("defender-bridge: warning: sns.topics: "))
            let quiet = try await run(["validate", "--quiet", "--config", file])
            #expect(quiet.exit?.status == 0 && quiet.outputLines == [] && quiet.errorLines == [])
        }

        @Test("show prints values with what sets them, as text and as JSON")
        func show() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("admin:\n  token: 0123456789abcdef\n", as: "bridge.yaml")
            let environment = ["BRIDGE_CONFIG": file, "BRIDGE_LOG_LEVEL": "debug"]
            let text = try await run(["show", "--set", "listen.loops=1"], environment: environment)
            #expect(text.exit == .init(status: 0, wasKilled: false), "\(text.errorLines)")
            #expect(text.outputLines.first == "Configuration file: \(file)")
            for (key, source, value) in [
                ("log.level", "BRIDGE_LOG_LEVEL", "debug"), ("listen.loops", "--set", "1"),
                ("admin.token", "\(file):2", "********"), ("admin.address", "default", "127.0.0.1:9090"),
            ] {
                #expect(
                    text.outputLines.contains { $0.split(separator: " ").map(String.init) == [key, source, value] },
                    "\(key): \(text.outputLines)")
            }
            let json = try JSON(
                parsing: try await run(["show", "--json"], environment: environment).outputLines.joined(separator: "\n")
            )
            #expect(json["file"]?.string == file)
            #expect(json["settings"]?.array?.contains { $0["location"]?.string == "\(file):2" } == true)
        }

        @Test(
            "Without --config and BRIDGE_CONFIG, the file in /etc applies",
            .enabled(if: geteuid() == 0, "a folder /etc of its own needs root"))
        func standardFile() async throws {
            let script = """
                mount -t tmpfs none /etc && mkdir /etc/defender-bridge &&
                echo 'log: {level: loud}' >/etc/defender-bridge/bridge.yaml && exec "$@"
                """
            func show(_ environment: [String: String]) async throws -> RunningProgram {
                try await RunningProgram.run(
                    ["unshare", "--mount", "sh", "-c", script, "sh", Paths.program, "config", "show"],
                    environment: environment)
            }
            let program = try await show([:])
            #expect(program.exit == .init(status: 78, wasKilled: false))
            #expect(
                program.errorLines.first?.hasPrefix("defender-bridge: /etc/defender-bridge/bridge.yaml:1: log.level: ")
                    == true, "\(program.errorLines)")
            let folder = try TemporaryFolder()
            #expect(try await show(["BRIDGE_CONFIG": try folder.write("", as: "empty.yaml")]).exit?.status == 0)
        }
    }
}

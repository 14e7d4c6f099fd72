import Bridge
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Telemetry

extension IntegrationTests {
    @Suite("Configuration reload", .timeLimit(.minutes(15)))
    struct Reload {
        private static let unchanged = LogEvent.configurationUnchanged
        private static let changed = LogEvent.configurationReloaded
        private static let rejected =
            LogEvent.configurationReloadFailed
        private static let kept =
            LogEvent.restartRequired

        /// Starts a bridge with a configuration file in place of some flags.
        private func start(_ world: IntegrationEnvironment, _ text: String) async throws -> BridgeProcess {
            let file = try world.folder.write(Array(text.utf8), as: "bridge.yaml")
            var settings = world.settings
            for key in ["sns.topics", "eventBridge.apiKey", "catchUp.interval"] { settings[key] = nil }
            let bridge = try await BridgeProcess(
                settings: settings, environment: world.environment, arguments: ["--config", file])
            world.keep(bridge.program)
            return bridge
        }

        /// Writes the file, sends SIGHUP, and waits for a log message.
        private func reload(_ world: IntegrationEnvironment, _ bridge: BridgeProcess, _ text: String, _ event: LogEvent)
            async throws
            -> JSON
        {
            let before = bridge.log(event).count
            try world.folder.write(Array(text.utf8), as: "bridge.yaml")
            bridge.program.signal(SIGHUP)
            return try #require(
                try await eventually("the line “\(event.message)”") {
                    bridge.log(event)
                } is: {
                    $0.count > before
                }.last)
        }

        private func event(_ world: IntegrationEnvironment, _ key: String, to bridge: BridgeProcess) async throws -> Int
        {
            let body = world.scenario().events[0].serialized()
            return try await Client.exchange(
                Request("POST", "/eventbridge", ["x-api-key": key], body: body), with: bridge.listen
            ).status
        }

        @Test(
            "SIGHUP reloads topics, keys and level; an invalid file changes nothing; keys that need a restart are logged"
        )
        func settings() async throws {
            try await IntegrationEnvironment.run { world in
                try world.folder.write(Array("first".utf8), as: "key")
                let first = """
                    catchUp: {interval: off}
                    sns: {topics: ["\(world.topics.audit)"]}
                    eventBridge: {apiKeyFile: "\(world.folder.path)/key"}

                    """
                let second = first.replacing("\"]", with: "\", \"\(world.topics.detect)\"]")
                let bridge = try await start(world, first)
                let mailbox = try await Mailbox(of: world.topics.detect, signer: world.aws, in: world)
                let bodies = try await mailbox.bodies(of: try Alarms.make(0..<2, from: world.scenario()))
                let body = bodies[0]
                #expect(try await Client.exchange(.sns(body), with: bridge.listen).status == 403)
                #expect(try await event(world, "first", to: bridge) == 200)

                // Another topic, a changed key file, and a setting that needs a restart.
                try world.folder.write(Array("second".utf8), as: "key")
                let line = try await reload(world, bridge, second + "listen: {loops: 3}\n", Self.changed)
                #expect(line["keys"] == "sns.topics,eventBridge.apiKey")
                #expect(bridge.log(Self.kept).map { $0["keys"] } == ["listen.loops"])
                #expect(try await Client.exchange(.sns(body), with: bridge.listen).status == 200)
                #expect(try await event(world, "first", to: bridge) == 401)
                #expect(try await event(world, "second", to: bridge) == 200)

                // Invalid files.
                for (text, key) in [
                    (second + "log: {level: loud}\n", "log.level"), (second + "sns: {\n", "invalid YAML"),
                    (second + "nonsense: 1\n", "nonsense"),
                    (first.replacing("/key", with: "/gone"), "eventBridge.apiKeyFile"),
                ] {
                    let line = try await reload(world, bridge, text, Self.rejected)
                    #expect(line["reason"]?.string?.contains(": \(key): ") == true, "\(line)")
                    #expect(line["level"] == "error")
                }
                let success = "defender_bridge_configuration_last_reload_successful"
                #expect(try await bridge.metric(success) == 0)
                #expect(try await event(world, "second", to: bridge) == 200)

                // The log level, raised and lowered again.
                #expect(bridge.log.allSatisfy { $0["level"] != "debug" })
                let debug = try await reload(world, bridge, second + "log: {level: debug}\n", Self.changed)
                #expect(debug["keys"] == "log.level")
                #expect(try await Client.exchange(.sns(bodies[1]), with: bridge.listen).status == 200)
                try await eventually("a line of level debug") {
                    bridge.log(.deliveryLeased).count
                } is: {
                    $0 > 0
                }
                _ = try await reload(world, bridge, second, Self.changed)
                _ = try await reload(world, bridge, second, Self.unchanged)
                #expect(try await bridge.metric(success) == 1)
                let reloads = "defender_bridge_configuration_reloads_total"
                #expect(try await bridge.metric(reloads + #"{outcome="applied"}"#) == 3)
                #expect(try await bridge.metric(reloads + #"{outcome="failed"}"#) == 4)
                #expect(try await bridge.metric(reloads + #"{outcome="unchanged"}"#) == 1)
                try await world.waitForFindings((0..<2).map { Alarms.findingID($0, in: world.accountRegion) })
                try await bridge.stop()
            }
        }

        @Test("SIGHUP reloads rate limits, the queue limit, mapping and the catch-up interval")
        func rest() async throws {
            try await IntegrationEnvironment.run { world in
                let first = """
                    catchUp: {interval: off}
                    sns: {topics: ["\(world.topics.audit)", "\(world.topics.detect)"]}

                    """
                let second =
                    first.replacing("off", with: "1h") + """
                        store: {maxPending: 1000}
                        securityHub: {requestsPerSecond: 500, burst: 1000}
                        mapping: {severities: ["*=CRITICAL"]}

                        """
                let bridge = try await start(world, first)
                try await world.subscribe(bridge, to: world.topics.detect)
                // A severity at the end of a behavior's name takes precedence over patterns.
                let alarms = try Alarms.make(0..<2, from: world.scenario()).map { alarm in
                    var (members, behavior) = (try #require(alarm.object), try #require(alarm["behavior"]?.object))
                    behavior["name"] = "Messages"
                    members["behavior"] = .object(behavior)
                    return JSON.object(members)
                }
                try await world.publish([alarms[0]], to: world.topics.detect)
                try await bridge.waitForCompletion(of: 1)
                let tokens = "defender_bridge_aws_tokens"
                #expect(try await bridge.total(tokens, #"operation="BatchImportFindings""#) <= 29)
                #expect(try await bridge.metric("defender_bridge_catch_up_interval_seconds") == 0)
                let line = try await reload(world, bridge, second, Self.changed)
                #expect(
                    line["keys"]
                        == "store.maxPending,securityHub.requestsPerSecond,securityHub.burst,mapping.severities,catchUp.interval"
                )
                #expect(try await bridge.total(tokens, #"operation="BatchImportFindings""#) > 29)
                #expect(try await bridge.metric("defender_bridge_queue_limit_deliveries") == 1000)
                try await world.publish([alarms[1]], to: world.topics.detect)
                let id = Alarms.findingID(1, in: world.accountRegion)
                try await eventually("the second finding") {
                    world.aws.findings(in: world.accountRegion).first { $0["Id"]?.string == id }?["Severity"]?["Label"]
                } is: {
                    $0 == "CRITICAL"
                }
                #expect(try await bridge.metric("defender_bridge_catch_up_interval_seconds") == 3600)
                try await bridge.stop()
            }
        }
    }
}

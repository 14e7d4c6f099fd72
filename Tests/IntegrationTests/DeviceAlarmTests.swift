import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Telemetry

extension IntegrationTests {
    /// CloudWatch log alarms as a source: events, and catch-up on those that are lost.
    @Suite("Device alarms", .timeLimit(.minutes(15)))
    struct DeviceAlarms {
        private static let alarm = LogAlarm(
            name: "iot-Disconnects-Low", description: "Disconnects of a device.", query: "stats count(*) by clientId",
            aggregation: "SUM(disconnects) by clientId", threshold: 10)

        private static func arguments(_ world: IntegrationEnvironment) throws -> [String] {
            let sources = """
                sources:
                  iot-alarms:
                    mapping: cloudwatch-alarm
                    events: [{source: [aws.cloudwatch], detail: {alarmName: [{prefix: iot-}]}}]
                    accounts: ["\(world.accountRegion.account.digits)"]
                """
            return ["--config", try world.folder.write(Array(sources.utf8), as: "alarms.yaml")]
        }

        /// Raises or clears the alarm for a device; returns the events.
        private static func set(
            _ device: String, _ isInAlarm: Bool, in world: IntegrationEnvironment
        ) -> [JSON] {
            world.aws.setContributor(
                ["clientId": device], of: alarm.name, isInAlarm: isInAlarm, value: isInAlarm ? 11 : 3,
                in: world.accountRegion)
        }

        private static func post(_ events: [JSON], to bridge: BridgeProcess) async throws {
            for event in events {
                let request = Request(
                    "POST", "/eventbridge", ["x-api-key": IntegrationEnvironment.apiKey], body: event.serialized())
                #expect(try await Client.exchange(request, with: bridge.listen).status == 200)
            }
        }

        /// The record states of the findings, by device.
        private static func states(_ world: IntegrationEnvironment) -> [String: String] {
            let pairs = world.aws.findings(in: world.accountRegion).map { finding in
                let thing = finding["Resources"]?.array?.first?["Id"]?.string ?? ""
                return (thing.split(separator: "/").last.map(String.init) ?? "", finding["RecordState"]?.string ?? "")
            }
            return Dictionary(pairs) { first, _ in first }
        }

        private static func wait(for states: [String: String], in world: IntegrationEnvironment) async throws {
            try await eventually("the states \(states)", within: .seconds(60)) {
                Self.states(world)
            } is: {
                $0 == states
            }
        }

        @Test("Events raise and archive findings of devices; catch-up at the start does the same for lost events")
        func events() async throws {
            try await IntegrationEnvironment.run { world in
                world.aws.add(Self.alarm, in: world.accountRegion)
                _ = Self.set("lost-1", true, in: world)
                let first = try await world.start(
                    ["catchUp.interval": "1h"], arguments: try Self.arguments(world))
                try await Self.wait(for: ["lost-1": "ACTIVE"], in: world)
                try await Self.post(Self.set("pump-1", true, in: world), to: first)
                try await Self.post(Self.set("pump-2", true, in: world), to: first)
                try await Self.post(Self.set("pump-1", false, in: world), to: first)
                try await Self.wait(for: ["lost-1": "ACTIVE", "pump-1": "ARCHIVED", "pump-2": "ACTIVE"], in: world)
                try await first.kill()

                _ = Self.set("pump-1", true, in: world)
                _ = Self.set("pump-2", false, in: world)
                let second = try await world.start(
                    ["catchUp.interval": "1h"], arguments: try Self.arguments(world))
                try await Self.wait(for: ["lost-1": "ACTIVE", "pump-1": "ACTIVE", "pump-2": "ARCHIVED"], in: world)
                let line = try await eventually("the log line") {
                    second.log(.catchUpFoundMissedEvents).first
                } is: {
                    $0 != nil
                }
                #expect(
                    line?["source"] == "iot-alarms" && line?["alarms"] == 1 && line?["ended"] == 1, "\(line ?? .null)")
                try await Self.post(
                    world.aws.deleteAlarm(Self.alarm.name, in: world.accountRegion).map { [$0] } ?? [], to: second)
                try await Self.wait(for: ["lost-1": "ARCHIVED", "pump-1": "ARCHIVED", "pump-2": "ARCHIVED"], in: world)
                #expect(try await second.queue().dead == 0)
                try await second.stop()
            }
        }

        @Test("Without the permission, a warning is logged, and events are imported") func denied() async throws {
            try await IntegrationEnvironment.run { world in
                world.aws.add(Self.alarm, in: world.accountRegion)
                world.aws.fail(.describeAlarms, count: 1000, status: 400, code: "AccessDenied")
                let bridge = try await world.start(["catchUp.interval": "1h"], arguments: try Self.arguments(world))
                try await eventually("the warning") {
                    bridge.log(.catchUpAccessDenied)
                } is: { lines in
                    lines.contains {
                        $0["source"] == "iot-alarms"
                            && $0["reason"]?.string?.contains("cloudwatch:DescribeAlarms") == true
                    }
                }
                try await Self.post(Self.set("pump-1", true, in: world), to: bridge)
                try await Self.wait(for: ["pump-1": "ACTIVE"], in: world)
                try await bridge.stop()
            }
        }

        @Test("backfill imports the alarms of a source, also where Device Defender is not used; check tries the calls")
        func backfill() async throws {
            try await IntegrationEnvironment.run { world in
                world.aws.add(Self.alarm, in: world.accountRegion)
                _ = Self.set("pump-1", true, in: world)
                let run = try await RunningProgram.run(
                    [Paths.program, "backfill"] + Self.arguments(world) + world.flags, environment: world.environment)
                #expect(run.exit == .init(status: 0, wasKilled: false), "\(run.errorLines)")
                #expect(Self.states(world) == ["pump-1": "ACTIVE"])

                world.aws.fail(.describeAlarmContributors, count: 1, status: 400, code: "AccessDenied")
                let check = try await RunningProgram.run(
                    [Paths.program, "check", "--json"] + Self.arguments(world)
                        + world.flags(["catchUp.interval": "1h"]), environment: world.environment)
                let report = try JSON(parsing: Array(check.outputLines.joined(separator: "\n").utf8))
                func outcome(_ name: String) -> JSON? {
                    report["checks"]?.array?.first { $0["name"] == .string("permission cloudwatch:\(name)") }?[
                        "outcome"]
                }
                #expect(outcome("DescribeAlarms") == "passed", "\(report)")
                #expect(outcome("DescribeAlarmContributors") == "failed", "\(report)")
            }
        }
    }
}

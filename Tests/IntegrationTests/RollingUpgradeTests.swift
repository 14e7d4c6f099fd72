import AWSCore
import Encoding
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Telemetry

extension IntegrationTests {
    @Suite(
        "A rolling upgrade on one PostgreSQL",
        .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"),
        .timeLimit(.minutes(10)))
    struct RollingUpgrade {
        /// The program before the upgrade. `Tests/scripts/rolling-upgrade.sh` builds that of another commit; by default,
        /// the program under test replaces itself.
        private static let previous =
            ProcessInfo.processInfo.environment["DEFENDER_BRIDGE_PREVIOUS_PROGRAM"] ?? Paths.program

        private static let replicas = 3
        private static let perPhase = 40

        @Test("Each replica is replaced under load, nothing is lost, and each finding is imported once")
        func underLoad() async throws {
            let cluster = try await PostgreSQLCluster.shared.get()
            let database = try await cluster.makeDatabase()
            try await withCleanup {
                try await IntegrationEnvironment.run { world in
                    try await upgrade(cluster.url(database), in: world)
                }
            } cleanup: {
                try await cluster.dropDatabase(database)
            }
        }

        private func upgrade(_ url: String, in world: IntegrationEnvironment) async throws {
            let settings = [
                "store.url": url, "log.level": "debug", "securityHub.requestsPerSecond": "1000",
                "securityHub.burst": "1000",
            ]
            let arguments = try MappedLoad.arguments(world)
            var old: [BridgeProcess] = []
            for _ in 0..<Self.replicas {
                old.append(try await world.start(settings, arguments: arguments, program: Self.previous))
            }
            let balancer = Balancer(old)
            let address = try await world.serve { await balancer.forward($0) }
            _ = try await world.aws.subscribe(
                topic: world.topics.detect, endpoint: "http://\(address)/sns", signatureVersion: .two)

            // Each phase has load before, while and after a replica of the new version joins and an old one leaves.
            var new: [BridgeProcess] = []
            for (phase, leaving) in old.enumerated() {
                let load = Task { try await send(phase, to: address, in: world) }
                let joining = try await world.start(settings, arguments: arguments)
                new.append(joining)
                balancer.add(joining)
                try await load.value
                let both = Task { try await send(Self.replicas + phase, to: address, in: world) }
                balancer.remove(leaving)
                try await leaving.stop()
                try await both.value
            }
            let numbers = 0..<2 * Self.replicas * Self.perPhase
            let last = try #require(new.last)
            try await last.waitForCompletion(of: numbers.count + MappedLoad.requests(numbers).count)

            let alarms = numbers.map { Alarms.findingID($0, in: world.accountRegion) }
            let found = Set(world.aws.findings(in: world.accountRegion).compactMap { $0["Id"]?.string })
            #expect(Set(alarms).subtracting(found) == [])
            try MappedLoad.expectAll(numbers, in: world)
            for bridge in new { try await bridge.stop() }
            #expect(try imports(by: old).isEmpty == false && imports(by: new).isEmpty == false)
            try expectEachOnce(alarms, by: old + new)
        }

        /// Publishes alarms and posts the items of a mapped source; each is acknowledged with 200.
        private func send(_ phase: Int, to address: String, in world: IntegrationEnvironment) async throws {
            let range = phase * Self.perPhase..<(phase + 1) * Self.perPhase
            let texts = try Alarms.make(range, from: world.scenario()).map {
                String(decoding: $0.serialized(), as: UTF8.self)
            }
            async let posted: Void = MappedLoad.post(MappedLoad.requests(range), to: address)
            let reports = try await world.aws.publish(
                topic: world.topics.detect, messages: texts, signatureVersion: .two, concurrency: 4)
            #expect(reports.filter { $0.outcome != .delivered } == [])
            try await posted
        }

        /// Checks that each finding was imported as new by one of the replicas, once.
        private func expectEachOnce(_ findings: [String], by bridges: [BridgeProcess]) throws {
            let imports = try imports(by: bridges)
            #expect(findings.filter { imports[$0] != 1 } == [])
            #expect(imports.filter { $0.value != 1 } == [:])
        }

        /// How often the replicas imported each finding as new, from their logs.
        private func imports(by bridges: [BridgeProcess]) throws -> [String: Int] {
            try bridges.flatMap { $0.log(.findingSent) }.filter { $0["result"]?.string == "imported" }
                .reduce(into: [:]) { $0[try #require($1["finding"]?.string), default: 0] += 1 }
        }
    }
}

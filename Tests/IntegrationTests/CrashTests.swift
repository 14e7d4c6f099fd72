import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Killed processes", .timeLimit(.minutes(15)))
    struct Crash {
        @Test("Deliveries acknowledged but not imported before a kill are imported once after the restart")
        func betweenResponseAndImport() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 300)
                world.aws.add(scenario.auditTask, findings: scenario.auditFindings, in: world.accountRegion)
                let failure = try await world.serveFailure()
                let first = try await world.start(environment: ["AWS_ENDPOINT_URL_SECURITYHUB": failure.url])
                try await world.subscribe(first, to: world.topics.detect)
                try await world.subscribe(first, to: world.topics.audit)
                try await world.publish(try Alarms.make(0..<50, from: scenario), to: world.topics.detect)
                try await world.publish([scenario.auditNotification], to: world.topics.audit)
                try await eventually("both imports to be attempted", { failure.requests.value }, is: { $0 >= 2 })
                try await first.kill()
                #expect(world.aws.findings(in: world.accountRegion) == [])

                let second = try await world.start()
                // Leases of the killed process are released immediately. Otherwise they would last a minute.
                try await second.waitForCompletion(of: 51, within: .seconds(30))
                let findings = world.aws.findings(in: world.accountRegion).compactMap { $0["Id"]?.string }
                #expect(findings.count == 50 + 300 + scenario.auditTask.checks.count)
                #expect(Set(findings).count == findings.count)
                #expect(Set(findings).isSuperset(of: (0..<50).map { Alarms.findingID($0, in: world.accountRegion) }))
                try await second.stop()
            }
        }

        @Test("After twelve kills during 300 deliveries, every acknowledged delivery is imported once")
        func randomTimes() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("The times of the kills follow from seed \(seed).")
            var random = SeededGenerator(seed: seed)
            try await IntegrationEnvironment.run {
                $0.retryDelayScale = 0.05
            } _: { world in
                let scenario = world.scenario()
                let address = try Client.freeAddress()
                var bridge = try await world.start(["listen.address": address])
                try await world.subscribe(bridge, to: world.topics.detect)
                var acknowledged: Set<String> = []
                for round in 0..<12 {
                    let range = round * 25..<(round + 1) * 25
                    let texts = try Alarms.make(range, from: scenario).map {
                        String(decoding: $0.serialized(), as: UTF8.self)
                    }
                    async let publishing = world.aws.publish(
                        topic: world.topics.detect, messages: texts, concurrency: 4)
                    try await Task.sleep(for: .microseconds(Int.random(in: 0...120_000, using: &random)))
                    try await bridge.kill()
                    bridge = try await world.start(["listen.address": address])
                    for (number, report) in zip(range, try await publishing) where report.outcome == .delivered {
                        acknowledged.insert(Alarms.findingID(number, in: world.accountRegion))
                    }
                }
                #expect(!acknowledged.isEmpty)
                try await bridge.stop()
                bridge = try await world.start(["listen.address": address])
                try await eventually("all deliveries to be completed", bridge.queue) { $0.pending + $0.leased == 0 }
                let queue = try await bridge.queue()
                #expect(queue.dead == 0)
                let findings = world.aws.findings(in: world.accountRegion).compactMap { $0["Id"]?.string }
                #expect(acknowledged.subtracting(findings) == [])
                // A delivery whose response was lost is imported, too, and no finding exists twice.
                #expect(Set(findings).count == findings.count)
                #expect(queue.completed == findings.count)
                try await bridge.stop()
                #expect(
                    try await world.count("SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'")
                        == 1)
            }
        }
    }
}

import AWSCore
import Bridge
import Encoding
import Foundation
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

/// A wall clock for one program that a test can set; the clock of AWS stays right.
struct ProgramClock {
    let environment: [String: String]
    private let file: String

    init(in folder: TemporaryFolder) async throws {
        let library = folder.path("clock_shim.so")
        let source = Paths.inPackage("Tests/IntegrationTests/Support/clock_shim.c")
        let compiler = try await RunningProgram.run(["clang", "-shared", "-fPIC", "-O1", "-o", library, source])
        try #require(compiler.exit?.status == 0, "\(compiler.errorLines)")
        file = try folder.write([UInt8](repeating: 0, count: 8), as: "clock")
        environment = ["LD_PRELOAD": library, "CLOCK_SHIM_FILE": file]
    }

    func set(ahead seconds: Int64) throws {
        // Written in place: the program has the file mapped.
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        try handle.write(contentsOf: withUnsafeBytes(of: seconds) { Data($0) })
        try handle.close()
    }
}

extension IntegrationTests {
    @Suite("Clock changes", .timeLimit(.minutes(15)))
    struct Clocks {
        enum StoreKind: String, CaseIterable, Sendable {
            case sqlite, postgreSQL

            /// The stores available on this machine.
            static let all = allCases.filter { $0 != .postgreSQL || PostgreSQLCluster.isInstalled }
        }

        /// The events of a test, and the findings expected at its end.
        private final class Story {
            let world: IntegrationEnvironment
            let clock: ProgramClock
            let settings: [String: String]
            private(set) var expected: [String: String] = [:]
            private var events = 0

            init(_ world: IntegrationEnvironment, _ clock: ProgramClock, store: String?) throws {
                self.world = world
                self.clock = clock
                settings = [
                    "securityHub.requestsPerSecond": "1000", "securityHub.burst": "1000", "catchUp.interval": "1h",
                    "store.maxPending": "100", "listen.address": try Client.freeAddress(),
                ].merging(store.map { ["store.url": $0] } ?? [:]) { $1 }
            }

            func start() async throws -> BridgeProcess {
                try await world.start(settings, environment: clock.environment)
            }

            /// Alarms raised some time ago.
            func alarms(_ numbers: Range<Int>, minutesAgo: Int64) throws -> [JSON] {
                try Alarms.make(numbers, from: world.scenario()).map { alarm in
                    var members = try #require(alarm.object)
                    let time = Int64(Date().timeIntervalSince1970 * 1000) - minutesAgo * 60_000
                    members["violationEventTime"] = .integer(time)
                    members["violationEventType"] = "in-alarm"
                    return .object(members)
                }
            }

            func expect(_ numbers: Range<Int>, _ state: String) {
                for number in numbers { expected[Alarms.findingID(number, in: world.accountRegion)] = state }
            }

            /// Raises alarms and delivers them.
            ///
            /// - Parameter isListed: whether Device Defender lists them, too.
            func raise(_ numbers: Range<Int>, minutesAgo: Int64 = 40, isListed: Bool = true) async throws {
                let alarms = try alarms(numbers, minutesAgo: minutesAgo)
                if isListed { world.aws.add(alarms: alarms, in: world.accountRegion) }
                try await world.publish(alarms, to: world.topics.detect)
                expect(numbers, "ACTIVE")
            }

            /// Raises alarms whose messages the bridge defers until SNS drops them.
            func raiseDeferred(_ numbers: Range<Int>) async throws {
                let alarms = try alarms(numbers, minutesAgo: 20)
                world.aws.add(alarms: alarms, in: world.accountRegion)
                let texts = alarms.map { String(decoding: $0.serialized(), as: UTF8.self) }
                let reports = try await world.aws.publish(
                    topic: world.topics.detect, messages: texts, signatureVersion: .two)
                for report in reports { #expect(Set(report.attempts) == [.responded(503)]) }
                expect(numbers, "ACTIVE")
            }

            /// Marks an alarm as a false positive.
            func markFalsePositive(_ number: Int, by bridge: BridgeProcess) async throws {
                world.aws.verify(
                    violation: Alarms.id(number), state: "FALSE_POSITIVE", description: "lab", in: world.accountRegion)
                events += 1
                let time = Date().formatted(.iso8601)
                let event: JSON = [
                    "version": "0", "id": .string("event-\(events)"), "detail-type": "AWS API Call via CloudTrail",
                    "source": "aws.iot", "account": .string(world.accountRegion.account.digits), "time": .string(time),
                    "region": .string(world.accountRegion.region.name), "resources": [],
                    "detail": [
                        "eventSource": "iot.amazonaws.com", "eventName": "PutVerificationStateOnViolation",
                        "eventTime": .string(time),
                        "requestParameters": [
                            "violationId": .string(Alarms.id(number)), "verificationState": "FALSE_POSITIVE",
                            "verificationStateDescription": "lab",
                        ],
                    ],
                ]
                let request = Request(
                    "POST", "/eventbridge", ["x-api-key": IntegrationEnvironment.apiKey], body: event.serialized())
                #expect(try await Client.exchange(request, with: bridge.listen).status == 200)
                expect(number..<number + 1, "ARCHIVED")
            }

            var states: [String: String] {
                Dictionary(
                    world.aws.findings(in: world.accountRegion).map {
                        ($0["Id"]?.string ?? "", $0["RecordState"]?.string ?? "")
                    }, uniquingKeysWith: { first, _ in first })
            }

            func settle(_ what: String) async throws {
                try await eventually(what) {
                    let states = states
                    return expected.filter { states[$0.key] != $0.value }.map { "\($0): \(states[$0.key] ?? "none")" }
                        + states.keys.filter { expected[$0] == nil }
                } is: {
                    $0.isEmpty
                }
            }
        }

        private static let (hour, day) = (3600 as Int64, 86_400 as Int64)

        @Test(
            "no event is lost through clock steps of hours, days and months, or a wrong year at boot",
            arguments: StoreKind.all)
        func steps(store: StoreKind) async throws {
            switch store {
            case .sqlite: try await steps(at: nil)
            case .postgreSQL:
                let cluster = try await PostgreSQLCluster.shared.get()
                let database = try await cluster.makeDatabase()
                try await withCleanup {
                    try await steps(at: cluster.url(database))
                } cleanup: {
                    try await cluster.dropDatabase(database)
                }
            }
        }

        private func steps(at url: String?) async throws {
            try await IntegrationEnvironment.run {
                $0.retryDelayScale = 0.002
            } _: { world in
                let story = try Story(world, try await ProgramClock(in: world.folder), store: url)
                var bridge = try await story.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                try await story.raise(100..<105)
                try await story.raise(110..<115)
                try await story.raise(200..<201, isListed: false)
                try await story.settle("the alarms of a right clock")
                for (number, step) in [2 * Self.hour, -2 * Self.hour, 2 * Self.day, -2 * Self.day, 120 * Self.day]
                    .enumerated()
                {
                    try await self.step(step, number, story, bridge)
                }
                let completed = try await bridge.queue().completed
                try await bridge.kill()
                bridge = try await wrongAtBoot(story, after: completed)
                try await bridge.kill()
                bridge = try await yearsAheadAtBoot(story)
                try await story.settle("everything in the end")
                #expect(try await bridge.queue().dead == 0)
                #expect(bridge.log(.clockNotTrusted).count >= 1)
                try await bridge.stop()
            }
        }

        /// A clock that is set wrong while the bridge runs, and then right.
        private func step(_ seconds: Int64, _ number: Int, _ story: Story, _ bridge: BridgeProcess) async throws {
            try story.clock.set(ahead: seconds)
            try await story.raiseDeferred(number..<number + 1)
            // Deliveries of other channels are processed, with signatures that AWS accepts.
            try await story.markFalsePositive(100 + number, by: bridge)
            let id = Alarms.findingID(100 + number, in: story.world.accountRegion)
            try await eventually("an alarm to be judged under a clock that is \(seconds) s ahead") {
                story.states[id] == "ARCHIVED"
            }
            #expect(try await bridge.metric("defender_bridge_clock_trusted") == 0)
            // A delivery that failed under the wrong clock is retried soon after the clock is right.
            let retries = try await bridge.metric("defender_bridge_retries_total")
            story.world.aws.fail(.batchImportFindings, count: 1000, status: 500, code: "InternalException")
            try await story.markFalsePositive(110 + number, by: bridge)
            try await eventually("a retry") { try await bridge.metric("defender_bridge_retries_total") > retries }
            try story.clock.set(ahead: 0)
            story.world.aws.clearFaults()
            // More than the queue limit in total, but not at the same time: a stale count would make the queue look full.
            for batch in 0..<3 {
                let first = 1000 + number * 100 + batch * 20
                try await story.raise(first..<first + 20)
                try await eventually("the queue to be empty", bridge.queue) { $0.pending + $0.leased == 0 }
            }
        }

        /// A bridge that starts while the clock is two hours ahead, and catches up.
        private func wrongAtBoot(_ story: Story, after completed: Int) async throws -> BridgeProcess {
            try story.clock.set(ahead: 2 * Self.hour)
            let bridge = try await story.start()
            // No message and no list reports the end of this alarm.
            story.expect(200..<201, "ARCHIVED")
            try await story.settle("what was missed")
            try story.clock.set(ahead: 0)
            // It is raised again, later than its end.
            try await story.raise(200..<201, minutesAgo: 0)
            try await story.settle("an alarm that is raised again")
            // Security Hub has a finding before its delivery is completed, and the status may be a second old.
            try await eventually("the deliveries to be completed") { try await bridge.queue().completed > completed }
            return bridge
        }

        /// A bridge that starts in the year 2030, with deliveries in the queue.
        private func yearsAheadAtBoot(_ story: Story) async throws -> BridgeProcess {
            try story.clock.set(ahead: 0)
            let first = try await story.start()
            let calls = story.world.aws.calls(of: .batchImportFindings)
            story.world.aws.fail(.batchImportFindings, count: 1000, status: 500, code: "InternalException")
            try await story.raise(300..<310)
            try await eventually("Security Hub to be asked") { story.world.aws.calls(of: .batchImportFindings) > calls }
            try await first.kill()
            let now = Int64(Date().timeIntervalSince1970)
            // 2030-01-01T00:00:00Z.
            try story.clock.set(ahead: 1_893_456_000 - now)
            story.world.aws.clearFaults()
            let second = try await story.start()
            try await story.settle("what was in the queue")
            #expect(try await second.metric("defender_bridge_clock_trusted") == 0)
            let dated = story.world.aws.findings(in: story.world.accountRegion).compactMap { $0["UpdatedAt"]?.string }
            #expect(dated.allSatisfy { $0 < "2030" }, "a finding is dated by the wrong clock")
            try story.clock.set(ahead: 0)
            try await story.raise(400..<401)
            try await story.settle("an alarm of a clock that is right again")
            return second
        }
    }
}

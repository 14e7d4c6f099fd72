import AWSCore
import ArgumentParser
import EventLoop
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import LocalAWS
import TestSupport

/// Measures how fast deliveries are answered while many come at once.
struct IntakeBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intake",
        abstract: "Measure how fast deliveries are answered under load.",
        discussion: """
            Delivers signed messages and events, each stored durably, so many at once. Exits with 1 if one of a hundred takes \
            more than a second: EventBridge gives up after 5 seconds, SNS after 15.
            """)

    @Option(help: ArgumentHelp("How many deliveries each route gets.", valueName: "count"))
    var deliveries = 10_000

    @Option(help: ArgumentHelp("How many are on their way at once.", valueName: "count"))
    var concurrency = 64

    @Option(help: ArgumentHelp("The program. Default: defender-bridge beside this one.", valueName: "path"))
    var bridge: String?

    private static let apiKey = "key of the benchmark"

    func validate() throws {
        guard (100...1_000_000).contains(deliveries), (1...1000).contains(concurrency) else {
            throw ValidationError("--deliveries must be from 100 to 1000000, --concurrency from 1 to 1000.")
        }
    }

    func run() async throws {
        let program =
            bridge
            ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "defender-bridge").path
        var isWell = true
        try await withLoop { loop in
            let folder = try TemporaryFolder()
            var configuration = HTTPClient.Configuration()
            configuration.maximumConnectionsPerHost = concurrency
            let client = try await HTTPClient(loop: loop, configuration: configuration)
            let aws = try await LocalAWS(loop: loop)
            try await perform {
                let topic = ARN(
                    service: "sns",
                    origin: Origin(account: aws.credentials.account, region: try Self.region()), resource: "intake")
                let bridge = try await ServedBridge(
                    program: program, settings: Self.settings(aws, topic: topic, store: folder.path("store.db")),
                    environment: aws.endpointEnvironment.merging([
                        "AWS_CA_BUNDLE": try folder.write(aws.certificateAuthorityPEM, as: "authority.pem")
                    ]) { _, last in last }, log: folder.path("bridge.log"), client: client)
                try await perform {
                    let messages = try await deliverMessages(to: bridge, topic: topic, by: aws)
                    let events = try await deliverEvents(to: bridge, origin: topic.origin, by: client)
                    isWell = report("/sns", messages) && report("/eventbridge", events)
                } finally: {
                    try await bridge.stop()
                }
            } finally: {
                await aws.stop()
                await client.shutdown()
            }
        }
        if !isWell { throw ExitCode.failure }
    }

    private static func region() throws -> Region {
        guard let region = Region("us-east-1") else { throw BenchmarkFailure(description: "there is no us-east-1") }
        return region
    }

    private static func settings(_ aws: LocalAWS, topic: ARN, store: String) -> [String: String] {
        [
            "store.url": "sqlite://\(store)", "sns.topics": topic.description, "eventBridge.apiKey": apiKey,
            "network.connectTo": aws.connectTo.joined(separator: ","),
        ]
    }

    private func deliverMessages(to bridge: ServedBridge, topic: ARN, by aws: LocalAWS) async throws -> [Duration] {
        _ = try await aws.subscribe(topic: topic, endpoint: bridge.endpoint, signatureVersion: .two)
        let messages = (0..<deliveries).map { "{\"number\": \($0)}" }
        let reports = try await aws.publish(
            topic: topic, messages: messages, signatureVersion: .two, concurrency: concurrency)
        guard reports.count == deliveries, reports.allSatisfy({ $0.attempts == [.answered(200)] }) else {
            throw BenchmarkFailure(description: "not every message was taken at the first try")
        }
        return reports.map(\.duration)
    }

    private func deliverEvents(
        to bridge: ServedBridge, origin: Origin, by client: HTTPClient
    ) async throws -> [Duration] {
        let authority = String(bridge.endpoint.dropFirst("http://".count).prefix { $0 != "/" })
        guard let keyHeader = HTTPField.Name("x-api-key") else { preconditionFailure("a valid name") }
        let request = HTTPRequest(
            method: .post, scheme: "http", authority: authority, path: "/eventbridge",
            headerFields: [.contentType: "application/json", keyHeader: Self.apiKey])
        let bodies = (0..<deliveries).map { Self.event($0, origin: origin).serialized() }
        return try await withThrowingTaskGroup(of: Duration.self) { group in
            var durations: [Duration] = []
            for (index, body) in bodies.enumerated() {
                if index >= concurrency, let duration = try await group.next() { durations.append(duration) }
                group.addTask {
                    let start = ContinuousClock.now
                    let answer = try await client.send(request, body: body)
                    guard answer.response.status == .ok else {
                        throw BenchmarkFailure(description: "an event was answered \(answer.response.status.code)")
                    }
                    return ContinuousClock.now - start
                }
            }
            while let duration = try await group.next() { durations.append(duration) }
            return durations
        }
    }

    private static func event(_ number: Int, origin: Origin) -> JSON {
        [
            "id": .string("event-\(number)"), "source": "aws.iot", "detail-type": "AWS API Call via CloudTrail",
            "account": .string(origin.account.digits), "region": .string(origin.region.name),
            "time": "2026-11-22T10:00:00Z",
            "detail": [
                "eventSource": "iot.amazonaws.com", "eventName": "CancelAuditTask",
                "requestParameters": ["taskId": .string("task-\(number)")],
            ],
        ]
    }

    private func report(_ route: String, _ durations: [Duration]) -> Bool {
        let sorted = durations.sorted()
        func percentile(_ share: Double) -> Duration {
            sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
        }
        func text(_ duration: Duration) -> String { String(format: "%.1f ms", duration / .milliseconds(1)) }
        let slow = percentile(0.99)
        print(
            "\(route): \(sorted.count) deliveries, \(concurrency) at once: half within \(text(percentile(0.5))), "
                + "99 of 100 within \(text(slow)), all within \(text(percentile(1)))")
        fflush(nil)
        if slow > .seconds(1) { print("FAILED: \(route): one of a hundred takes more than a second") }
        return slow <= .seconds(1)
    }
}

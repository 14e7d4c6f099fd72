import AWSCore
import Encoding
import EventLoop
import Foundation
import HTTPClient
import JSON
import LocalAWS
import TestSupport

/// The environment of measured audits: the stand-ins for SNS and for the other services, and a directory for stores.
struct AuditEnvironment: Sendable {
    let folder: TemporaryFolder
    let client: HTTPClient
    let sns: LocalAWS
    let aws: PreparedAWS

    /// Runs a measurement, then releases everything. SIGINT and SIGTERM cancel it.
    static func with<Value: Sendable>(
        _ configuration: PreparedAWS.Configuration = PreparedAWS.Configuration(),
        _ body: @escaping @Sendable (AuditEnvironment) async throws -> Value
    ) async throws -> Value {
        var value: Value?
        try await withEventLoop { loop in
            let client = try await HTTPClient(loop: loop)
            var settings = LocalAWS.Configuration()
            // Bridges that have ended stay subscribed.
            settings.retryDelayScale = 0
            let sns = try await LocalAWS(loop: loop, configuration: settings)
            let aws = try await PreparedAWS(loop: loop, configuration: configuration)
            try await withCleanup {
                let folder = try TemporaryFolder()
                try folder.write(sns.certificateAuthorityPEM, as: "authority.pem")
                let environment = AuditEnvironment(folder: folder, client: client, sns: sns, aws: aws)
                let measuring = Task { try await body(environment) }
                // The bridge has its own process group, which Ctrl-C does not reach.
                let watchers = try await loop.run {
                    LoopBound(
                        try [SIGINT, SIGTERM].map { try SignalWatcher($0, on: loop) { measuring.cancel() } },
                        loop: loop)
                }
                let result = await measuring.result
                await loop.run { for watcher in watchers.value { watcher.close() } }
                value = try result.get()
            } cleanup: {
                await aws.stop()
                await sns.stop()
                await client.shutdown()
            }
        }
        guard let value else { throw BenchmarkError(description: "nothing was measured") }
        return value
    }

    /// Starts a bridge.
    ///
    /// - Parameters:
    ///   - store: the URL of the store; nil for a file in the directory.
    ///   - topics: the topics that it accepts.
    ///   - throttled: whether it keeps to the documented rate of imports.
    ///   - cores: the cores that it may use; nil for all.
    func start(
        _ program: String, store: String? = nil, topics: [ARN], throttled: Bool = false, cores: [Int]? = nil
    ) async throws -> ServedBridge {
        var settings = [
            "store.url": store ?? storeURL, "sns.topics": topics.map(\.description).joined(separator: ","),
            "network.connectTo": sns.connectTo.joined(separator: ","), "aws.roleName": "Bridge",
            // Catch-up would import audits again.
            "catchUp.interval": "off",
        ]
        if !throttled { settings.merge(["securityHub.requestsPerSecond": "1000", "securityHub.burst": "1000"]) { $1 } }
        let pinned = cores.map { ["--cpu-list", $0.map(String.init).joined(separator: ","), program] }
        return try await ServedBridge(
            program: pinned == nil ? program : "/usr/bin/taskset", command: (pinned ?? []) + ["serve"],
            settings: settings,
            environment: aws.environment.merging(["AWS_CA_BUNDLE": folder.path("authority.pem")]) { $1 },
            log: folder.path("bridge.log"), client: client)
    }

    /// The path of the store's file.
    var storePath: String { folder.path("store.db") }

    var storeURL: String { "sqlite://\(storePath)" }

    /// Runs a bridge for a measurement, and stops it.
    func withBridge<Value>(
        _ program: String, store: String? = nil, topics: [ARN], throttled: Bool = false, cores: [Int]? = nil,
        _ body: (ServedBridge) async throws -> Value
    ) async throws -> Value {
        let bridge = try await start(program, store: store, topics: topics, throttled: throttled, cores: cores)
        let value: Value
        do {
            try await bridge.waitUntilReady()
            for topic in topics { try await subscribe(bridge, to: topic) }
            value = try await body(bridge)
        } catch {
            try? await bridge.stop()
            throw error
        }
        try await bridge.stop()
        return value
    }

    /// Subscribes a bridge to a topic.
    func subscribe(_ bridge: ServedBridge, to topic: ARN) async throws {
        _ = try await sns.subscribe(topic: topic, endpoint: bridge.endpoint, signatureVersion: .two)
        guard sns.isConfirmed(topic: topic, endpoint: bridge.endpoint) else {
            throw BenchmarkError(description: "the bridge did not confirm the subscription")
        }
    }

    /// Signed notifications of finished audits, each for the topic of its account.
    func notifications(
        _ audits: [(audit: PreparedAudit, topic: ARN)], to bridge: ServedBridge
    ) throws -> [[UInt8]] {
        try audits.flatMap { audit, topic in
            let message = audit.task.notification(account: topic.accountRegion.account).serialized()
            return try sns.sign(
                [String(decoding: message, as: UTF8.self)], of: topic, endpoint: bridge.endpoint, signatureVersion: .two
            )
        }
    }

    /// Delivers notifications concurrently.
    func deliver(_ notifications: [[UInt8]], to bridge: ServedBridge) async throws {
        try await withThrowingTaskGroup { group in
            for body in notifications {
                group.addTask { try await IntakeEnvironment.deliver(body, to: bridge, by: client) }
            }
            try await group.waitForAll()
        }
    }
}

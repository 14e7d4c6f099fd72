import ArgumentParser
import Bridge
import CoreMetrics
import EventLoop
import Foundation
import JSON
import Telemetry

/// A bridge like that of `defender-bridge serve`, optionally without metrics, for ``ObservabilityBenchmark``.
struct BridgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bridge", abstract: "Run a bridge.", shouldDisplay: false)

    @Option(name: .customLong("set"), help: "Key and value, as for defender-bridge serve.")
    var settings: [String] = []

    @Flag(help: "Disable metrics.")
    var unobserved = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let pairs = settings.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let configuration = try BridgeConfiguration(
            flags: Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) }), environment: environment
        ) { path throws(ConfigurationError) in try ConfigurationFile.read(path, key: "secret") }
        let log = LogSink(level: configuration.logLevel, format: configuration.logFormat)
        let bridge = try await Bridge(
            configuration: configuration, environment: environment,
            registry: PrometheusRegistry(help: BridgeMetrics.help, buckets: BridgeMetrics.buckets),
            countingBy: unobserved ? NOOPMetricsHandler.instance : nil, logger: log.logger(), log: log)
        if unobserved {
            // The bridge's own line is below the level error.
            let line: JSON = [
                "message": .string(LogEvent.bridgeListening.message),
                "listen": .string(bridge.listenAddress.description),
                "admin": .string(bridge.adminAddress.description),
            ]
            try FileHandle.standardError.write(contentsOf: Data(line.serialized() + [UInt8(ascii: "\n")]))
        }
        try await bridge.run()
    }
}

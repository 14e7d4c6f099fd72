import ArgumentParser
import Bridge
import Foundation
import Glibc
import Logging

/// Runs the bridge until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Receive deliveries and keep Security Hub up to date.",
        discussion: ConfigurationOptions.table)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.load(environment: environment)
        let format = configuration.logFormat ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        let level = configuration.logLevel
        LoggingSystem.bootstrap { LogLineHandler(label: $0, level: level, format: format) }
        let bridge = try await Bridge(
            configuration: configuration, environment: environment,
            registry: PrometheusRegistry(help: BridgeMetrics.help), logger: Logger(label: "defender-bridge"))
        try await bridge.run()
    }
}

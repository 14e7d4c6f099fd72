import ArgumentParser
import Bridge
import Foundation

/// Runs the bridge until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Receive deliveries and keep Security Hub up to date.",
        discussion: "Runs until SIGTERM or SIGINT. SIGHUP has it read again what can change meanwhile.")

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Flag(
        help: """
            If the store's file is damaged, set it aside under another name, and begin with an empty store. Without this, \
            such a start is refused, and the file left as it is.
            """)
    var replaceDamagedStore = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.load(environment: environment)
        let log = configuration.log()
        let bridge = try await Bridge(
            configuration: configuration, environment: environment,
            registry: PrometheusRegistry(help: BridgeMetrics.help, buckets: BridgeMetrics.buckets),
            logger: log.logger(), log: log, reload: { [options] in try options.load(environment: environment) },
            replacesDamagedStore: replaceDamagedStore)
        try await bridge.run()
    }
}

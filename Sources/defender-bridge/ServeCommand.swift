import ArgumentParser
import Bridge
import FoundationEssentials
import Telemetry

/// Runs the bridge until SIGTERM or SIGINT.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the bridge: receive messages and keep Security Hub up to date.",
        discussion: """
            Runs until SIGTERM or SIGINT. Send SIGHUP to reload the settings that can change at run time, and the TLS \
            certificate.

            Exit code 75: the store or an address is not available; another attempt may succeed. Exit code 78: the \
            configuration is not valid.

            Example:
              defender-bridge serve
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Flag(
        help: """
            If the store's file is damaged, rename it and start with an empty store. Default: exit and leave the file \
            unchanged.
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

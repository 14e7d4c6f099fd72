import ArgumentParser
import FoundationEssentials

/// Checks the health of the bridge that runs on this machine with the same configuration, for container health checks.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Check the health of the bridge on this machine.",
        discussion: """
            Sends GET /readyz to admin.address of the same configuration. This also works with TLS and the PROXY protocol, \
            which apply to listen.address only. Exit code 0: the bridge accepts deliveries. Exit code 1: it does not, or \
            does not respond within 4s.

            Example:
              defender-bridge health
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Flag(help: "Check only that the process responds (GET /healthz).")
    var live = false

    func run() async throws {
        let configuration = try options.load(environment: ProcessInfo.processInfo.environment)
        try await AdminClient.with(configuration) { client, _ in
            print(try await client.get(live ? "/healthz" : "/readyz"))
        }
    }
}

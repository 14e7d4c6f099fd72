import Admin
import ArgumentParser
import EventLoop
import FoundationEssentials
import Glibc
import JSON

/// Shows the status of the bridge that runs on this machine with the same configuration.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show health, problems, queue and dead letters of the bridge on this machine.",
        discussion: """
            Sends GET /status.json to admin.address of the same configuration. Shows the problems with their remediation as \
            the status page does, and the accounts, Regions and mapped sources that have problems.

            Exit code 0: the bridge works, or has warnings only. Exit code 1: its health is critical, or it does not respond \
            within 4s. With --watch, runs until Ctrl-C.

            Examples:
              defender-bridge status
              defender-bridge status --watch
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Flag(help: "Print the JSON document of the status page.")
    var json = false

    @Flag(help: "Repeat every 2s. On a terminal, the text is updated in place.")
    var watch = false

    private static let interval = Duration.seconds(2)

    func run() async throws {
        let configuration = try options.load(environment: ProcessInfo.processInfo.environment)
        let screen = StatusScreen(updatesInPlace: watch && !json)
        try await AdminClient.with(configuration) { client, loop in
            repeat {
                do {
                    let isCritical = try show(try await client.get("/status.json"), on: screen)
                    if !watch, isCritical { throw ExitCode(1) }
                } catch let error as CommandError where watch {
                    // The bridge may be restarting.
                    if json { StandardStream.write("defender-bridge: \(error.message)\n", to: STDERR_FILENO) }
                    if !json { screen.show([error.message]) }
                }
                if watch { try await loop.sleep(for: Self.interval) }
            } while watch
        }
    }

    /// - Returns: whether the health is critical.
    private func show(_ body: String, on screen: StatusScreen) throws -> Bool {
        guard let document = try? JSON(parsing: body) else {
            throw CommandError(message: "/status.json: the response is not JSON. Check admin.address.")
        }
        let text = StatusText(document)
        let colors = TerminalColors()
        screen.show(json ? [body] : text.lines { word, isCritical in isCritical ? colors.failure(word) : word })
        return text.isCritical
    }
}

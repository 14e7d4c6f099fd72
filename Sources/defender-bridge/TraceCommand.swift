import Admin
import ArgumentParser
import Encoding
import FoundationEssentials
import JSON

/// Shows the way of a delivery through the bridge that runs on this machine with the same configuration.
struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show what happened to a delivery: steps, requests to AWS and findings.",
        discussion: """
            Sends GET /deliveries/ID to admin.address of the same configuration. The steps and requests are known for the last \
            1,000 deliveries that the bridge on this machine processed; of other deliveries, the state in the queue is shown.

            Exit code 0: the delivery is known. Exit code 1: it is not, or the bridge does not respond within 4s.

            Example:
              defender-bridge trace sns:1f0e2d3c-0000-4000-8000-000000000001
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Argument(help: "The id of the delivery, as in the log and on the status page.")
    var id: String

    @Flag(help: "Print the JSON document.")
    var json = false

    func run() async throws {
        let configuration = try options.load(environment: ProcessInfo.processInfo.environment)
        let path = "/deliveries/" + PercentEncoding.encode(id)
        try await AdminClient.with(configuration) { client, _ in
            let body = try await client.get(path)
            guard let document = try? JSON(parsing: body) else {
                throw CommandError(message: "\(path): the response is not JSON. Check admin.address.")
            }
            StoreOptions.show(json ? [body] : DeliveryText(document).lines)
        }
    }
}

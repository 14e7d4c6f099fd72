import ArgumentParser
import Bridge
import Encoding
import EventLoop
import FoundationEssentials
import HTTPClient
import HTTPTypes

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
              defender-bridge health --config /etc/defender-bridge/bridge.yaml
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Flag(help: "Check only that the process responds (GET /healthz).")
    var live = false

    /// Shorter than the timeout of 5s that the Dockerfile and the templates give a health check.
    private static let timeout = Duration.seconds(4)

    func run() async throws {
        let configuration = try options.load(environment: ProcessInfo.processInfo.environment)
        let request = HTTPRequest(
            method: .get, scheme: "http", authority: try Self.target(of: configuration.adminAddress),
            path: live ? "/healthz" : "/readyz")
        let loop = try EventLoop(name: "health")
        let answer = try await withCleanup {
            let client = try await HTTPClient(loop: loop, configuration: HTTPClient.Configuration())
            return try await withCleanup {
                try await Self.send(request, by: client)
            } cleanup: {
                await client.shutdown()
            }
        } cleanup: {
            await loop.shutdown()
        }
        print(answer)
    }

    /// Sends the request.
    ///
    /// - Returns: the body of the response.
    /// - Throws: ``CommandError`` for a status other than 200, or without a response.
    private static func send(_ request: HTTPRequest, by client: HTTPClient) async throws(CommandError) -> String {
        let url = "http://\(request.authority ?? "")\(request.path ?? "")"
        let response: (response: HTTPResponse, body: [UInt8])
        do throws(HTTPClientError) {
            response = try await client.send(request, timeout: timeout, bypassesProxies: true)
        } catch {
            throw CommandError(
                message: "\(url): no response: \(error). Check that the bridge runs with this configuration.")
        }
        let body = String(decoding: response.body, as: UTF8.self)
        guard response.response.status == .ok else {
            throw CommandError(message: "\(url): status \(response.response.status.code): \(body)")
        }
        return body
    }

    /// The authority at which a server on this machine is reachable.
    ///
    /// - Parameter address: the address that the server listens on.
    ///
    /// - Throws: ``ConfigurationError`` for port 0, which is a different port at each start.
    static func target(of address: SocketAddress) throws(ConfigurationError) -> String {
        guard address.port != 0 else {
            throw ConfigurationError(
                "admin.address", "port 0 is a different port at each start. Set a fixed port for health checks.")
        }
        guard address.ip?.isUnspecified == true else { return address.description }
        return (address.ip?.isIPv4 == true ? "127.0.0.1:" : "[::1]:") + String(address.port)
    }
}

import Bridge
import Encoding
import EventLoop
import HTTPClient
import HTTPTypes

/// Requests from the admin server of the bridge that runs on this machine with the same configuration.
struct AdminClient: Sendable {
    private let client: HTTPClient
    private let authority: String
    private let credentials: String?

    /// Shorter than the timeout of 5s that the Dockerfile and the templates give a health check.
    private static let timeout = Duration.seconds(4)

    /// Uses a client for the duration of a closure.
    static func with(
        _ configuration: BridgeConfiguration, _ body: (AdminClient, EventLoop) async throws -> Void
    ) async throws {
        let authority = try target(of: configuration.adminAddress)
        let loop = try EventLoop(name: "admin-client")
        try await withCleanup {
            let client = try await HTTPClient(loop: loop, configuration: HTTPClient.Configuration())
            try await withCleanup {
                try await body(
                    AdminClient(client: client, authority: authority, credentials: configuration.adminCredentials),
                    loop)
            } cleanup: {
                await client.shutdown()
            }
        } cleanup: {
            await loop.shutdown()
        }
    }

    /// Sends a GET request.
    ///
    /// - Returns: the body of the response.
    /// - Throws: ``CommandError`` for a status other than 200, or without a response.
    func get(_ path: String) async throws(CommandError) -> String {
        let url = "http://\(authority)\(path)"
        var request = HTTPRequest(method: .get, scheme: "http", authority: authority, path: path)
        request.headerFields[.authorization] = credentials
        let response: (response: HTTPResponse, body: [UInt8])
        do throws(HTTPClientError) {
            response = try await client.send(request, timeout: Self.timeout, bypassesProxies: true)
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
    private static func target(of address: SocketAddress) throws(ConfigurationError) -> String {
        guard address.port != 0 else {
            throw ConfigurationError(
                "admin.address", "port 0 is a different port at each start. Set a fixed port for health checks.")
        }
        guard address.ip?.isUnspecified == true else { return address.description }
        return (address.ip?.isIPv4 == true ? "127.0.0.1:" : "[::1]:") + String(address.port)
    }
}

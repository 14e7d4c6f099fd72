import AWSClient
import EventLoop
import HTTPClient
import HTTPTypes

/// The event loop, HTTP client, credentials and clients of a command that calls AWS without a bridge. Must be closed.
struct AWSRuntime: Sendable {
    let accounts: AccountClients
    private let settings: AWSSettings
    private let loop: EventLoop
    private let http: HTTPClient
    private let credentials: CredentialsChain

    init(configuration: BridgeConfiguration, environment: [String: String]) async throws(ConfigurationError) {
        settings = try BridgeRuntime.settings(environment)
        let authorities = try BridgeRuntime.authorities(environment)
        do throws(EventLoopError) {
            loop = try EventLoop(name: "bridge-aws")
        } catch {
            throw ConfigurationError(
                "event loop", "cannot start: \(error). Check the limits of this process (ulimit -a).")
        }
        do throws(HTTPClientError) {
            http = try await HTTPClient(loop: loop, configuration: BridgeRuntime.client(configuration, authorities))
        } catch {
            await loop.shutdown()
            throw ConfigurationError("network.connectTo", "\(error). Correct the value.")
        }
        (accounts, credentials) = BridgeRuntime.accounts(configuration, settings, http: http, loop: loop)
    }

    /// Sends an unsigned request to AWS STS, whose response has the time in its `Date` header.
    ///
    /// - Throws: `HTTPClientError` without a response within 10 seconds.
    func requestSTS() async throws(HTTPClientError) -> HTTPResponse {
        let endpoint = settings.endpoints.endpoint(of: .sts, in: accounts.region)
        return try await http.send(
            HTTPRequest(method: .get, scheme: endpoint.scheme, authority: endpoint.authority, path: "/"),
            timeout: .seconds(10)
        ).response
    }

    /// Closes everything, in reverse order.
    func close() async {
        await accounts.close()
        await credentials.close()
        await http.shutdown()
        await loop.shutdown()
    }
}

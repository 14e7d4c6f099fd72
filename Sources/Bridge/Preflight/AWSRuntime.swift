import AWSClient
import HTTPClient
import HTTPTypes

/// The event loop, HTTP client, credentials and clients of a command that calls AWS without a bridge. Must be closed.
struct AWSRuntime: Sendable {
    let accounts: AccountClients
    private let settings: AWSSettings
    private let loop: ClientLoop
    private let credentials: CredentialsChain

    init(configuration: BridgeConfiguration, environment: [String: String]) async throws(ConfigurationError) {
        settings = try BridgeRuntime.settings(environment)
        let authorities = try BridgeRuntime.authorities(environment)
        loop = try await ClientLoop(BridgeRuntime.client(configuration, authorities))
        (accounts, credentials) = BridgeRuntime.accounts(configuration, settings, on: [loop])
    }

    /// Sends an unsigned request to AWS STS, whose response has the time in its `Date` header.
    ///
    /// - Throws: `HTTPClientError` without a response within 10 seconds.
    func requestSTS() async throws(HTTPClientError) -> HTTPResponse {
        let endpoint = settings.endpoints.endpoint(of: .sts, in: accounts.region)
        return try await loop.http.send(
            HTTPRequest(method: .get, scheme: endpoint.scheme, authority: endpoint.authority, path: "/"),
            timeout: .seconds(10)
        ).response
    }

    /// Closes everything, in reverse order.
    func close() async {
        await accounts.close()
        await credentials.close()
        await loop.close()
    }
}

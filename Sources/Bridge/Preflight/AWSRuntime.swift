import AWSClient
import AWSCore
import EventLoop
import HTTPClient
import HTTPTypes

/// What a command needs to talk to AWS beside no bridge, and must close again.
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
            throw ConfigurationError("this machine", "\(error)")
        }
        do throws(HTTPClientError) {
            http = try await HTTPClient(loop: loop, configuration: BridgeRuntime.client(configuration, authorities))
        } catch {
            await loop.shutdown()
            throw ConfigurationError("network.connectTo", "\(error)")
        }
        (accounts, credentials) = BridgeRuntime.accounts(configuration, settings, http: http, loop: loop)
    }

    /// Asks AWS STS for nothing: its answer tells the time.
    func requestSTS() async throws(HTTPClientError) -> HTTPResponse {
        let endpoint = settings.endpoints.endpoint(of: .sts, in: accounts.region)
        return try await http.send(
            HTTPRequest(method: .get, scheme: endpoint.scheme, authority: endpoint.authority, path: "/"),
            timeout: .seconds(10)
        ).response
    }

    func close() async {
        await accounts.close()
        await credentials.close()
        await http.shutdown()
        await loop.shutdown()
    }
}

public import AWSCore
public import EventLoop

/// The credentials of the process: from the first of the places that AWS's SDKs look in, renewed before they end.
public struct CredentialsChain: CredentialsProvider {
    private let refreshing: RefreshingCredentials

    /// Makes the chain; nothing is asked for yet.
    ///
    /// - Parameters:
    ///   - client: for calls of AWS STS; its own credentials are not used.
    ///   - transport: asks the hosts of containers and instances, past any proxy.
    ///   - loop: where a `credential_process` is run.
    ///   - region: the Region whose AWS STS is asked.
    ///   - sessionName: what sessions are called that are not named otherwise.
    public init(
        settings: AWSSettings, client: AWSClient, transport: any MetadataTransport, loop: EventLoop, region: Region,
        sessionName: String
    ) {
        let fetcher = CredentialsFetcher(
            transport: transport, client: client, loop: loop, region: region, sessionName: sessionName,
            readFile: settings.readFile)
        refreshing = RefreshingCredentials(clock: client.clock) { () async throws(CredentialsError) in
            // Files may have been changed since: keys get rotated.
            try await fetcher.fetch(try settings.currentPlan())
        }
    }

    /// The credentials for the next request.
    public func credentials() async throws(CredentialsError) -> Credentials { try await refreshing.credentials() }

    /// Those that variables, files and services give now.
    public func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials? {
        try await refreshing.credentials(replacing: rejected)
    }

    /// Breaks off what is under way; no credentials are fetched any more.
    public func close() async { await refreshing.close() }
}

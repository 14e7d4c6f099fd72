package import AWSCore
package import EventLoop

/// The process's credentials, from the first source of the AWS SDKs' default chain that has any; renewed before they
/// expire.
package struct CredentialsChain: CredentialsProvider {
    private let refreshing: RefreshingCredentials

    /// Makes the chain; sends no request.
    ///
    /// - Parameters:
    ///   - client: for calls of AWS STS; its own credentials are not used.
    ///   - transport: sends requests to metadata endpoints, bypassing proxies.
    ///   - loop: runs the `credential_process`.
    ///   - region: the Region of the AWS STS endpoint.
    ///   - sessionName: the session name for profiles without `role_session_name`.
    package init(
        settings: AWSSettings, client: AWSClient, transport: any MetadataTransport, loop: EventLoop, region: Region,
        sessionName: String
    ) {
        let fetcher = CredentialsFetcher(
            transport: transport, client: client, loop: loop, region: region, sessionName: sessionName,
            readFile: settings.readFile)
        refreshing = RefreshingCredentials(clock: client.clock) { () async throws(CredentialsError) in
            // Keys in files are rotated while the process runs.
            try await fetcher.fetch(try settings.currentPlan())
        }
    }

    /// The credentials for the next request.
    package func credentials() async throws(CredentialsError) -> Credentials { try await refreshing.credentials() }

    /// The credentials that variables, files and services have now.
    package func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials? {
        try await refreshing.credentials(replacing: rejected)
    }

    /// Cancels a pending fetch and prevents further ones.
    package func close() async { await refreshing.close() }
}

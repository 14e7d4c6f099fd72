package import AWSCore
import Encoding
import Synchronization

/// One client for each account and Region that findings come from, with that account's credentials.
///
/// The accounts and Regions are spread over event loops. Each stays on one loop for the life of the process, because
/// its client and all of its work run there.
package final class AccountClients: Sendable {
    /// The client with the process's own credentials.
    package let own: AWSClient
    /// The Region of the AWS STS endpoint.
    package let region: Region
    /// The roles to assume.
    package let roles: AccountRoles
    private let ownCredentials: any CredentialsProvider
    private let sessionName: String
    /// The process's own client on each loop.
    private let clientsOfLoops: [AWSClient]
    private let clients = Mutex(Clients())
    private let sessions = Mutex<[RefreshingCredentials]>([])
    private let ownAccount: OwnAccount
    /// Whether one client with its own credentials serves every account.
    private let isOneClient: Bool

    private struct Clients {
        var ofAccountRegions: [AccountRegion: AWSClient] = [:]
        /// The credentials of an account serve all of its Regions, so that its role is assumed once.
        var credentials: [AccountID: any CredentialsProvider] = [:]
    }

    /// Makes the clients; sends no request.
    ///
    /// - Parameters:
    ///   - clients: at least one client, which provides the settings that all share; one for each loop, of which the
    ///     first obtains credentials.
    ///   - credentials: the process's own credentials.
    ///   - region: the Region of the AWS STS endpoint.
    ///   - sessionName: the session name for assumed roles.
    package convenience init(
        clients: [AWSClient], credentials: any CredentialsProvider, roles: AccountRoles, region: Region,
        sessionName: String
    ) {
        self.init(
            clients: clients, credentials: credentials, roles: roles, region: region, sessionName: sessionName,
            isOneClient: false)
    }

    private init(
        clients: [AWSClient], credentials: any CredentialsProvider, roles: AccountRoles, region: Region,
        sessionName: String, isOneClient: Bool
    ) {
        self.isOneClient = isOneClient
        clientsOfLoops = clients.map { $0.using(credentials) }
        own = clientsOfLoops[0]
        ownCredentials = credentials
        self.roles = roles
        self.region = region
        self.sessionName = sessionName
        ownAccount = OwnAccount(client: own, credentials: credentials, region: region)
    }

    /// Serves all accounts with the credentials of one client, on its loop and those of others.
    package convenience init(_ client: AWSClient, _ others: AWSClient...) {
        guard let region = Region("us-east-1") else { preconditionFailure("us-east-1 is a Region") }
        self.init(
            clients: [client] + others, credentials: client.credentials, roles: AccountRoles(), region: region,
            sessionName: "defender-bridge", isOneClient: true)
    }

    /// The client for an account and Region.
    package func client(for accountRegion: AccountRegion) -> AWSClient {
        clients.withLock { clients in
            if let client = clients.ofAccountRegions[accountRegion] { return client }
            let account = accountRegion.account
            let credentials = clients.credentials[account] ?? credentials(for: accountRegion)
            // In turn, so that the loops serve equally many.
            let loop = clients.ofAccountRegions.count % clientsOfLoops.count
            let client = clientsOfLoops[loop].using(credentials, account: account)
            clients.credentials[account] = credentials
            clients.ofAccountRegions[accountRegion] = client
            return client
        }
    }

    /// Records that this process takes over an account and Region from another replica, which may have used up the
    /// burst of AWS's quotas.
    package func takeOver(_ accountRegion: AccountRegion) {
        own.pacer.takeOver(accountRegion, now: own.clock.elapsed())
    }

    /// Changes the rate limit for imports.
    package func setImportRate(_ imports: Pacer.ImportRate) {
        own.pacer.setImportRate(imports, now: own.clock.elapsed())
    }

    /// The tokens left in the rate limits of the operations that were called.
    package var paceLevels: [PaceLevel] { own.pacer.levels(now: own.clock.elapsed()) }

    private func credentials(for accountRegion: AccountRegion) -> any CredentialsProvider {
        guard !isOneClient else { return ownCredentials }
        switch roles.role(for: accountRegion.account, in: accountRegion.partition) {
        case .role(let arn): return session(arn)
        case .ownOrRole(let arn):
            return AccountCredentials(
                account: accountRegion.account, ownAccount: ownAccount, own: ownCredentials, other: session(arn))
        case .ownOnly:
            return AccountCredentials(
                account: accountRegion.account, ownAccount: ownAccount, own: ownCredentials, other: nil)
        }
    }

    private func session(_ arn: String) -> RefreshingCredentials {
        let role = RoleSettings(arn: arn, externalID: roles.externalID)
        let session = RefreshingCredentials(clock: own.clock) {
            [own, sessionName, region] () async throws(CredentialsError) in
            do throws(AWSError) {
                return try await own.assumeRole(role, sessionName: sessionName, region: region)
            } catch {
                throw CredentialsError(
                    error.kind == .accessDenied
                        ? "cannot assume role \(arn): access denied: \(error.message). Allow sts:AssumeRole to the bridge's "
                            + "identity, and name it in the role's trust policy, with aws.externalId if the policy "
                            + "requires it."
                        : "cannot assume role \(arn): \(error)", kind: error.kind)
            }
        }
        sessions.withLock { $0.append(session) }
        return session
    }

    /// Whether no role is configured for an account other than that of the process's own credentials, so that no
    /// request can be signed for it. False if the credentials' account is not known.
    package func lacksRole(for accountRegion: AccountRegion) async -> Bool {
        guard !isOneClient, roles.role(for: accountRegion.account, in: accountRegion.partition) == .ownOnly else {
            return false
        }
        return (try? await ownAccount.get()).map { $0 != accountRegion.account } ?? false
    }

    /// The identity of the process's own credentials.
    package func identity() async throws(AWSError) -> CallerIdentity { try await own.getCallerIdentity(region: region) }

    /// Cancels pending role assumptions and prevents further ones.
    package func close() async {
        for session in sessions.withLock({ $0 }) { await session.close() }
        await ownAccount.close()
    }
}

/// The account of the process's own credentials, looked up once per access key. Concurrent callers share one lookup.
private final class OwnAccount: Sendable {
    private typealias Lookup = Result<AccountID, CredentialsError>

    private let client: AWSClient
    private let credentials: any CredentialsProvider
    private let region: Region
    private let known = Mutex<(accessKeyID: String, account: AccountID)?>(nil)
    private let lookups: SingleFlight<String, Lookup>

    init(client: AWSClient, credentials: any CredentialsProvider, region: Region) {
        self.client = client
        self.credentials = credentials
        self.region = region
        lookups = SingleFlight(executor: client.clock.executor)
    }

    func get() async throws(CredentialsError) -> AccountID {
        let accessKeyID = try await credentials.credentials().accessKeyID
        // A profile may have been changed to another account's key.
        let lookup = lookups.start(accessKeyID) { _ in
            known.withLock { known in known?.accessKeyID == accessKeyID ? known.map { .success($0.account) } : nil }
        } operation: {
            await self.lookUp(accessKeyID)
        }
        return try await lookup.value.get()
    }

    private func lookUp(_ accessKeyID: String) async -> Lookup {
        do throws(AWSError) {
            let account = try await client.getCallerIdentity(region: region).account
            known.withLock { $0 = (accessKeyID, account) }
            return .success(account)
        } catch {
            return .failure(
                CredentialsError(
                    "cannot determine the account of the bridge's credentials: \(error)", kind: error.kind))
        }
    }

    /// Cancels a pending lookup.
    func close() async { await lookups.cancel() }
}

/// The process's own credentials for its own account, a role's for any other.
private struct AccountCredentials: CredentialsProvider {
    let account: AccountID
    let ownAccount: OwnAccount
    let own: any CredentialsProvider
    let other: RefreshingCredentials?

    private func provider() async throws(CredentialsError) -> any CredentialsProvider {
        if try await ownAccount.get() == account { return own }
        guard let other else {
            throw CredentialsError(
                "no role configured for account \(account), and the bridge's own credentials belong to another account. "
                    + "Add a role of account \(account) to aws.roles, or set aws.roleName.",
                kind: .noCredentials
            )
        }
        return other
    }

    func credentials() async throws(CredentialsError) -> Credentials { try await provider().credentials() }

    func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials? {
        try await provider().credentials(replacing: rejected)
    }
}

public import AWSCore
import Synchronization

/// The clients for the accounts that findings come from: each signs with credentials of its account.
public final class AccountClients: Sendable {
    /// The client with the process's own credentials.
    public let own: AWSClient
    /// The Region whose AWS STS is asked.
    public let region: Region
    /// How roles are assumed.
    public let roles: AccountRoles
    private let ownCredentials: any CredentialsProvider
    private let sessionName: String
    private let clients = Mutex<[AccountID: AWSClient]>([:])
    private let sessions = Mutex<[RefreshingCredentials]>([])
    private let ownAccount: OwnAccount
    /// Whether the client signs for every account as it is.
    private let isOneClient: Bool

    /// Makes clients; nothing is asked for yet.
    ///
    /// - Parameters:
    ///   - client: whose settings all clients share.
    ///   - credentials: the process's own.
    ///   - region: the Region whose AWS STS is asked.
    ///   - sessionName: what the sessions of assumed roles are called: who assumes them.
    public convenience init(
        client: AWSClient, credentials: any CredentialsProvider, roles: AccountRoles, region: Region,
        sessionName: String
    ) {
        self.init(
            client: client, credentials: credentials, roles: roles, region: region, sessionName: sessionName,
            isOneClient: false)
    }

    private init(
        client: AWSClient, credentials: any CredentialsProvider, roles: AccountRoles, region: Region,
        sessionName: String, isOneClient: Bool
    ) {
        self.isOneClient = isOneClient
        own = client.using(credentials)
        ownCredentials = credentials
        self.roles = roles
        self.region = region
        self.sessionName = sessionName
        ownAccount = OwnAccount(client: own, credentials: credentials, region: region)
    }

    /// All accounts by one client, as it is.
    public convenience init(_ client: AWSClient) {
        guard let region = Region("us-east-1") else { preconditionFailure("us-east-1 is a Region") }
        self.init(
            client: client, credentials: client.credentials, roles: AccountRoles(), region: region,
            sessionName: "defender-bridge", isOneClient: true)
    }

    /// The client for an account and Region.
    public func client(for accountRegion: AccountRegion) -> AWSClient {
        clients.withLock { clients in
            if let client = clients[accountRegion.account] { return client }
            let client = own.using(credentials(for: accountRegion), account: accountRegion.account)
            clients[accountRegion.account] = client
            return client
        }
    }

    /// Notes that this process begins to work on an account and Region that another one may have worked on until now:
    /// whatever AWS's quotas allow at once may be used up.
    public func takeOver(_ accountRegion: AccountRegion) { own.pacer.takeOver(accountRegion, now: own.clock.elapsed()) }

    /// Has findings be imported at another rate from now on.
    public func setImportRate(_ imports: Pacer.ImportRate) {
        own.pacer.setImportRate(imports, now: own.clock.elapsed())
    }

    /// What the paces allow at once now, of those operations that were called.
    public var paceLevels: [PaceLevel] { own.pacer.levels(now: own.clock.elapsed()) }

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
                        ? "the role \(arn) may not be assumed: \(error.message); let the role trust the bridge's own "
                            + "identity, with aws.externalId if it asks for one, and allow sts:AssumeRole to that identity"
                        : "the role \(arn) cannot be assumed: \(error)", kind: error.kind)
            }
        }
        sessions.withLock { $0.append(session) }
        return session
    }

    /// Whether no role is configured for an account that is not that of the process's own credentials: nothing can be asked of
    /// AWS for it. False if the account of the credentials is not known.
    public func lacksRole(for accountRegion: AccountRegion) async -> Bool {
        guard !isOneClient, roles.role(for: accountRegion.account, in: accountRegion.partition) == .ownOnly else {
            return false
        }
        return (try? await ownAccount.get()).map { $0 != accountRegion.account } ?? false
    }

    /// Who the process's own credentials belong to.
    public func identity() async throws(AWSError) -> CallerIdentity { try await own.getCallerIdentity(region: region) }

    /// Breaks off what is under way; no role is assumed any more.
    public func close() async {
        for session in sessions.withLock({ $0 }) { await session.close() }
    }
}

/// The account of the process's own credentials, asked for once for each access key.
private actor OwnAccount {
    private let client: AWSClient
    private let credentials: any CredentialsProvider
    private let region: Region
    private var known: (accessKeyID: String, account: AccountID)?

    init(client: AWSClient, credentials: any CredentialsProvider, region: Region) {
        self.client = client
        self.credentials = credentials
        self.region = region
    }

    func get() async throws(CredentialsError) -> AccountID {
        let accessKeyID = try await credentials.credentials().accessKeyID
        // A profile may name another account's key after a change.
        if let known, known.accessKeyID == accessKeyID { return known.account }
        do throws(AWSError) {
            let account = try await client.getCallerIdentity(region: region).account
            known = (accessKeyID, account)
            return account
        } catch {
            throw CredentialsError("the bridge's own account is not known: \(error)", kind: error.kind)
        }
    }
}

/// The process's own credentials for its own account, others for another one.
private struct AccountCredentials: CredentialsProvider {
    let account: AccountID
    let ownAccount: OwnAccount
    let own: any CredentialsProvider
    let other: RefreshingCredentials?

    private func provider() async throws(CredentialsError) -> any CredentialsProvider {
        if try await ownAccount.get() == account { return own }
        guard let other else {
            throw CredentialsError(
                "no role configured for account \(account), which the bridge's own credentials are not of. "
                    + "Name a role of \(account) in aws.roles, or set aws.roleName",
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

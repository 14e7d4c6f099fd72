public import AWSCore
import Synchronization

/// The clients for the accounts that findings come from: each signs with credentials of its account.
public final class AWSAccounts: Sendable {
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

    /// Makes clients; nothing is asked for yet.
    ///
    /// - Parameters:
    ///   - client: whose settings all clients share.
    ///   - credentials: the process's own.
    ///   - region: the Region whose AWS STS is asked.
    ///   - sessionName: what the sessions of assumed roles are called: who assumes them.
    public init(
        client: AWSClient, credentials: any CredentialsProvider, roles: AccountRoles, region: Region,
        sessionName: String
    ) {
        own = client.using(credentials)
        ownCredentials = credentials
        self.roles = roles
        self.region = region
        self.sessionName = sessionName
        ownAccount = OwnAccount(client: own, region: region)
    }

    /// All accounts by one client, as it is.
    public convenience init(_ client: AWSClient) {
        guard let region = Region("us-east-1") else { preconditionFailure("us-east-1 is a Region") }
        self.init(
            client: client, credentials: client.credentials, roles: AccountRoles(), region: region,
            sessionName: "defender-bridge")
    }

    /// The client for an account and Region.
    public func client(for origin: Origin) -> AWSClient {
        clients.withLock { clients in
            if let client = clients[origin.account] { return client }
            let client = own.using(credentials(for: origin), account: origin.account)
            clients[origin.account] = client
            return client
        }
    }

    /// Notes that this process begins to work on an account and Region that another one may have worked on until now:
    /// whatever AWS's quotas allow at once may be used up.
    public func takeOver(_ origin: Origin) { own.pacer.takeOver(origin, now: own.clock.elapsed()) }

    /// Has findings be imported at another rate from now on.
    public func use(_ imports: Pacer.ImportRate) { own.pacer.use(imports, now: own.clock.elapsed()) }

    /// What the paces allow at once now, of those operations that were called.
    public var paceLevels: [PaceLevel] { own.pacer.levels(now: own.clock.elapsed()) }

    private func credentials(for origin: Origin) -> any CredentialsProvider {
        switch roles.way(to: origin.account, in: origin.partition) {
        case .own: return ownCredentials
        case .role(let arn): return session(arn)
        case .ownOrRole(let arn):
            return AccountCredentials(
                account: origin.account, ownAccount: ownAccount, own: ownCredentials, other: session(arn))
        case .ownOnly:
            return AccountCredentials(
                account: origin.account, ownAccount: ownAccount, own: ownCredentials, other: nil)
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

    /// Who the process's own credentials belong to.
    public func identity() async throws(AWSError) -> CallerIdentity { try await own.getCallerIdentity(region: region) }

    /// Breaks off what is under way; no role is assumed any more.
    public func close() async {
        for session in sessions.withLock({ $0 }) { await session.close() }
    }
}

/// The account of the process's own credentials, asked for once.
private actor OwnAccount {
    private let client: AWSClient
    private let region: Region
    private var known: AccountID?

    init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    func get() async throws(CredentialsError) -> AccountID {
        if let known { return known }
        do throws(AWSError) {
            let account = try await client.getCallerIdentity(region: region).account
            known = account
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
                "there is no role for the account \(account): name it in aws.roles, or set aws.roleName",
                kind: .accessDenied
            )
        }
        return other
    }

    func credentials() async throws(CredentialsError) -> Credentials { try await provider().credentials() }

    func credentials(replacing refused: Credentials) async throws(CredentialsError) -> Credentials? {
        try await provider().credentials(replacing: refused)
    }
}

/// What AWS knows a caller by.
public struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The access key's id; not a secret.
    public let accessKeyID: String
    /// The access key's secret part.
    public let secretAccessKey: String
    /// The token of temporary credentials, or nil for lasting ones.
    public let sessionToken: String?
    /// When temporary credentials end, in milliseconds since 1970; nil if that is not known, or never.
    public let expiration: Int64?

    /// Makes credentials.
    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Int64? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// The access key's id; never the secrets.
    public var description: String { "Credentials(\(accessKeyID))" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Nothing that ``description`` does not tell.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why there are no credentials.
public struct CredentialsError: Error, Hashable, CustomStringConvertible {
    /// What can be done about it: `noCredentials` for settings that are missing or wrong, `transient` and `throttled` for
    /// what goes away with waiting, `accessDenied` for a role that may not be assumed.
    public let kind: AWSError.Kind
    /// What is missing, and where it was looked for; without secrets.
    public let description: String

    /// Makes an error; the description must hold nothing secret.
    public init(_ description: String, kind: AWSError.Kind = .noCredentials) {
        self.kind = kind
        self.description = description
    }
}

/// Where credentials come from.
public protocol CredentialsProvider: Sendable {
    /// The credentials for the next request; asked for again before each, so that temporary ones can be renewed.
    func credentials() async throws(CredentialsError) -> Credentials

    /// Other credentials in the place of some that a service refused as ended or unknown; nil if there are no others.
    func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials?
}

extension CredentialsProvider {
    /// None: what never changes has no replacement.
    public func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials? { nil }
}

/// Credentials that never change.
struct FixedCredentials: CredentialsProvider {
    private let fixed: Credentials

    /// Makes a provider of these credentials.
    init(_ credentials: Credentials) { fixed = credentials }

    /// The credentials.
    func credentials() async throws(CredentialsError) -> Credentials { fixed }
}

/// None: for what is not signed, or signed by others.
public struct NoCredentials: CredentialsProvider {
    /// Makes the provider.
    public init() {}

    /// Throws.
    public func credentials() async throws(CredentialsError) -> Credentials {
        throw CredentialsError("there are no credentials to sign with")
    }
}

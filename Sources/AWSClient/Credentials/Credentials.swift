package import Encoding

/// AWS credentials: an access key, with a session token if they are temporary.
package struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The access key ID; not a secret.
    package let accessKeyID: String
    /// The secret access key.
    package let secretAccessKey: String
    /// The session token of temporary credentials; nil for long-term ones.
    package let sessionToken: String?
    /// When the credentials expire; nil if unknown or never.
    package let expiration: Timestamp?

    /// Makes credentials.
    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Timestamp? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// The access key ID; never the secrets.
    package var description: String { "Credentials(\(accessKeyID))" }

    /// The same as ``description``.
    package var debugDescription: String { description }

    /// Has no children, so that the secrets do not get into dumps.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A failure to obtain credentials.
package struct CredentialsError: Error, Hashable, CustomStringConvertible {
    /// The kind of failure: `noCredentials` for missing or invalid settings, `transient` and `throttled` for temporary
    /// failures, `accessDenied` for a role that the caller may not assume.
    package let kind: AWSError.Kind
    /// What is missing, where it was searched, and what to do; without secrets.
    package let description: String

    /// Makes an error; the description must not have secrets.
    package init(_ description: String, kind: AWSError.Kind = .noCredentials) {
        self.kind = kind
        self.description = description
    }
}

/// A source of credentials.
package protocol CredentialsProvider: Sendable {
    /// The credentials for the next request; called before each request, so that temporary credentials can be renewed.
    func credentials() async throws(CredentialsError) -> Credentials

    /// New credentials to replace those that a service rejected as expired or unknown; nil if there are none.
    func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials?
}

extension CredentialsProvider {
    /// Returns nil: fixed credentials have no replacement.
    package func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials? { nil }
}

/// Credentials that never change.
struct FixedCredentials: CredentialsProvider {
    private let fixed: Credentials

    /// Makes a provider of these credentials.
    init(_ credentials: Credentials) { fixed = credentials }

    /// The credentials.
    func credentials() async throws(CredentialsError) -> Credentials { fixed }
}

/// A provider without credentials, for unsigned requests.
package struct NoCredentials: CredentialsProvider {
    /// Makes the provider.
    package init() {}

    /// Throws.
    package func credentials() async throws(CredentialsError) -> Credentials {
        throw CredentialsError("no credentials to sign with")
    }
}

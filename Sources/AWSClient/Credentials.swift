/// What AWS knows a caller by.
public struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The access key's id; not a secret.
    public let accessKeyID: String
    /// The access key's secret part.
    public let secretAccessKey: String
    /// The token of temporary credentials, or nil for lasting ones.
    public let sessionToken: String?

    /// Makes credentials.
    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
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
    /// What is missing, and where it was looked for; without secrets.
    public let description: String

    /// Makes an error; the description must hold nothing secret.
    public init(_ description: String) { self.description = description }
}

/// Where credentials come from.
public protocol CredentialsProvider: Sendable {
    /// The credentials for the next request; asked for again before each, so that temporary ones can be renewed.
    func credentials() async throws(CredentialsError) -> Credentials
}

/// Credentials from the variables that AWS's own tools read: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, for
/// temporary ones, `AWS_SESSION_TOKEN`. An empty variable counts as missing.
public struct EnvironmentCredentials: CredentialsProvider {
    private let result: Result<Credentials, CredentialsError>

    /// Reads the variables.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            guard let value = environment[name], !value.isEmpty else { return nil }
            return value
        }
        guard let accessKeyID = value("AWS_ACCESS_KEY_ID") else {
            result = .failure(CredentialsError("no AWS credentials: AWS_ACCESS_KEY_ID is not set"))
            return
        }
        guard let secretAccessKey = value("AWS_SECRET_ACCESS_KEY") else {
            result = .failure(CredentialsError("no AWS credentials: AWS_SECRET_ACCESS_KEY is not set"))
            return
        }
        result = .success(
            Credentials(
                accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: value("AWS_SESSION_TOKEN")))
    }

    /// The credentials as they were when this was made.
    ///
    /// - Throws: ``CredentialsError`` that names the variable missing.
    public func credentials() async throws(CredentialsError) -> Credentials { try result.get() }
}

/// How a request is signed with AWS Signature Version 4.
///
/// The signed fields are `host`, `x-amz-date`, `x-amz-security-token` and all that the request has. A request to be signed
/// must have path and query in the canonical form of AWS's "Create a signed AWS API request": a path of unreserved
/// characters (RFC 3986) and slashes, and a query whose parameters are sorted, percent-encoded down to the unreserved
/// characters, and have an equals sign each. No name of a field may be there twice, or begin with that of another, and no
/// field may be empty. Anything else is refused before it is sent.
public struct RequestSigning: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The Region in the credential scope, for example `us-east-1`.
    public let region: String
    /// The service in the credential scope, for example `securityhub`.
    public let service: String
    /// The access key's id.
    public let accessKeyID: String
    let secretAccessKey: String
    let sessionToken: String?
    let date: String?

    /// Describes a signature.
    ///
    /// - Parameters:
    ///   - sessionToken: the token of temporary credentials, or nil for lasting ones.
    ///   - date: the time of the signature in the form of `X-Amz-Date`, `20261122T100000Z`; nil for this machine's time
    ///     when it is sent.
    public init(
        region: String, service: String, accessKeyID: String, secretAccessKey: String, sessionToken: String?,
        date: String? = nil
    ) {
        self.region = region
        self.service = service
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.date = date
    }

    /// Region, service and access key id; never the secrets.
    public var description: String { "AWS4-HMAC-SHA256 \(accessKeyID)/\(region)/\(service)" }

    /// Nothing that ``description`` does not tell.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

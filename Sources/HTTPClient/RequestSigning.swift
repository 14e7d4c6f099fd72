/// Parameters for signing a request with AWS Signature Version 4.
///
/// The signed fields are `host`, `x-amz-date`, `x-amz-security-token` and all fields of the request. Path and query
/// must be in the canonical form of AWS's "Create a signed AWS API request": a path of unreserved characters (RFC 3986)
/// and slashes, and a query of sorted, percent-encoded parameters, each with an equals sign. No field name may be
/// repeated or begin with another field's name, and no field may be empty. Anything else is rejected before sending.
package struct RequestSigning: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// The Region in the credential scope, for example `us-east-1`.
    package let region: String
    /// The service in the credential scope, for example `securityhub`.
    package let service: String
    /// The access key ID.
    package let accessKeyID: String
    let secretAccessKey: String
    let sessionToken: String?
    let date: String?

    /// Makes signing parameters.
    ///
    /// - Parameters:
    ///   - sessionToken: the session token of temporary credentials; nil for long-term ones.
    ///   - date: the time of the signature in the form of `X-Amz-Date`, `20261122T100000Z`; nil for this machine's time
    ///     when it is sent.
    package init(
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

    /// Region, service and access key ID; never the secrets.
    package var description: String { "AWS4-HMAC-SHA256 \(accessKeyID)/\(region)/\(service)" }

    /// Has no children, so that the secrets do not get into dumps.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

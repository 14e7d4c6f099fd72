public import AWSCore

/// One attempt at an AWS API call, as reported to metrics.
public struct AWSCall: Sendable, Hashable {
    /// The called service.
    public let service: AWSService
    /// The operation's name, for example `BatchImportFindings`.
    public let operation: String
    /// The account of the credentials; nil if it is not known.
    public let account: AccountID?
    /// The called Region.
    public let region: Region
    /// Why the attempt failed; nil on success.
    public let failure: AWSError.Kind?
    /// From sending the request to its response, without the wait for the rate limit; nil if it was not sent because
    /// there were no credentials.
    public let duration: Duration?
}

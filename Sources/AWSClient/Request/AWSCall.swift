package import AWSCore

/// One attempt at an AWS API call, as reported to metrics.
package struct AWSCall: Sendable, Hashable {
    /// The called service.
    package let service: AWSService
    /// The operation's name, for example `BatchImportFindings`.
    package let operation: String
    /// The account of the credentials; nil if it is not known.
    package let account: AccountID?
    /// The called Region.
    package let region: Region
    /// Why the attempt failed; nil on success.
    package let failure: AWSError.Kind?
    /// From sending the request to its response, without the wait for the rate limit; nil if it was not sent because
    /// there were no credentials.
    package let duration: Duration?
    /// The HTTP status of the response; nil without one.
    package var status: Int?
    /// AWS's error code; nil if the response has none.
    package var code: String?
    /// AWS's request ID; nil if it is not known.
    package var requestID: String?
}

public import AWSCore

/// One attempt at a call of AWS.
public struct AWSCall: Sendable, Hashable {
    /// The service called.
    public let service: AWSService
    /// The operation's name, for example `BatchImportFindings`.
    public let operation: String
    /// The account that the credentials belong to; nil if that is not known.
    public let account: AccountID?
    /// The Region called.
    public let region: Region
    /// Why it failed; nil if it did not.
    public let failure: AWSError.Kind?
    /// From its sending to its response, without any wait for its turn; nil if it was not sent, as there was nothing to sign
    /// it with.
    public let duration: Duration?
}

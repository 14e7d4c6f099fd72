public import ErrorCodes

/// Why a message was not accepted.
public struct SNSError: Error, Hashable, CustomStringConvertible {
    /// The class of the error. It decides the status, because SNS retries only after 5xx.
    public enum Kind: Sendable, Hashable {
        /// The request is not an SNS message: 400, SNS does not retry.
        case malformed
        /// The message must not be accepted: 403, SNS does not retry.
        case rejected
        /// The message could not be verified at the moment, or is invalid only by this machine's clock: 503, SNS retries.
        case unavailable
    }

    /// The error code.
    public let code: ErrorCode
    /// What is wrong and what to do, for operators. Of the message itself, it contains at most the topic.
    public let message: String
    /// The class of the error.
    public let kind: Kind

    init(_ kind: Kind, _ code: ErrorCode, _ message: String) {
        self.kind = kind
        self.code = code
        self.message = message
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}

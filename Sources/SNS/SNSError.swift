public import ErrorCodes

/// Why a message was not taken.
public struct SNSError: Error, Hashable, CustomStringConvertible {
    /// What the sender is told, chosen for SNS's retries: it delivers again only after 5xx.
    public enum Kind: Sendable, Hashable {
        /// Not a message at all: 400, and SNS gives up.
        case malformed
        /// A message that must not be taken: 403, and SNS gives up.
        case rejected
        /// A message that could not be checked just now, or that only this machine's clock speaks against: 503, and SNS
        /// comes back.
        case unavailable
    }

    /// A stable word in snake case, for metrics and searches.
    public let code: ErrorCode
    /// What is wrong and what to do, in words for the operator. Of the message itself it has at most its topic.
    public let message: String
    /// What the sender is told.
    public let kind: Kind

    init(_ kind: Kind, _ code: ErrorCode, _ message: String) {
        self.kind = kind
        self.code = code
        self.message = message
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}

package import ErrorCodes
package import SNS

/// The result of a request that brings deliveries.
///
/// ``IntakeResponder`` maps it to an HTTP response, and an ``IntakeObserver`` receives it.
package enum IntakeResult: Sendable {
    /// The request was accepted: what changes something is stored durably.
    case accepted(AcceptedDeliveries)
    /// A subscription message of SNS was handled.
    case subscription(SubscriptionOutcome)
    /// The request was rejected permanently.
    case rejected(IntakeError, Rejection)
    /// The request was not accepted and may be later: its sender retries.
    case deferred(IntakeError)

    /// The class of a permanent rejection.
    package enum Rejection: Sendable, Hashable {
        /// The request is not a message of the sender.
        case malformed
        /// Credentials are missing or wrong.
        ///
        /// - Parameters:
        ///   - challenge: the value of `WWW-Authenticate`.
        ///   - claim: the claim of the bearer token that is missing or wrong; nil for other causes.
        case unauthorized(challenge: String, claim: String?)
        /// The message must not be accepted.
        case forbidden
        /// The request has too many events or items.
        case tooLarge
        /// The body is encoded.
        case unsupportedMediaType
    }
}

/// What was done about a subscription message of SNS.
package enum SubscriptionOutcome: String, Sendable, CaseIterable {
    /// The subscription was confirmed.
    case confirmed
    /// The topic was re-subscribed to after an unsubscribe.
    case resubscribed
    /// An operator must confirm the subscription.
    case pending
    /// The end of the subscription was stored.
    case unsubscribed
    /// Nothing: the message was handled before, or is superseded.
    case duplicate
}

/// Why a request was not accepted.
package struct IntakeError: Error, Hashable {
    /// The error code.
    package let code: ErrorCode
    /// What failed, why, and what to do, for operators.
    package let message: String

    /// Creates an error.
    package init(code: ErrorCode, message: String) {
        self.code = code
        self.message = message
    }
}

extension IntakeResult {
    /// The word for the result in responses and logs: an outcome, or the code of an error.
    package var word: String {
        switch self {
        case .accepted(let deliveries): deliveries.outcome.rawValue
        case .subscription(let outcome): outcome.rawValue
        case .rejected(let error, _), .deferred(let error): error.code.rawValue
        }
    }

    /// The result for an SNS message that was not accepted.
    package init(_ error: SNSError) {
        let reason = IntakeError(code: error.code, message: error.message)
        switch error.kind {
        case .malformed: self = .rejected(reason, .malformed)
        case .rejected: self = .rejected(reason, .forbidden)
        case .unavailable: self = .deferred(reason)
        }
    }
}

extension IntakeError {
    /// The client disconnected before its request was processed.
    static let abandoned = IntakeError(
        code: .clientLeft,
        message: "Client disconnected: the connection was closed before the delivery was read. Retry.")

    /// The queue is full.
    static let queueFull = IntakeError(
        code: .queueFull, message: "Queue full: it has reached store.maxPending. Retry later.")

    /// A mapped source sends more items than it may.
    static let rateLimited = IntakeError(
        code: .rateLimited, message: "Rate limit exceeded: rateLimit of the source. Retry later, or raise it.")

    /// Too many requests with missing or wrong credentials came from the address.
    static let tooManyFailures = IntakeError(
        code: .tooManyFailures,
        message:
            "Rate limit exceeded: too many requests with missing or wrong credentials from this address. Wait a minute."
    )

    /// Too many requests are in progress.
    static let overloaded = IntakeError(
        code: .overloaded, message: "Overloaded: too many requests are in progress. Retry later.")
}

public import AWSCore

/// What became of one message for one subscription.
public struct DeliveryReport: Sendable, Hashable {
    /// One try.
    public enum Attempt: Sendable, Hashable {
        /// The endpoint answered with this status.
        case responded(Int)
        /// There was no response; why, in words.
        case failed(String)
    }

    /// How it ended.
    public enum Outcome: Sendable, Hashable {
        /// The endpoint took the message.
        case delivered
        /// The endpoint refused it for good, so it was not sent again.
        case rejected
        /// Every try failed.
        case exhausted
        /// It was broken off, as the stand-in was stopped or the task canceled.
        case canceled
    }

    /// The message's id, the same in every try.
    public let messageID: String
    /// The subscription.
    public let subscription: ARN
    /// The address that it was sent to.
    public let endpoint: String
    /// The tries, in order.
    public var attempts: [Attempt] = []
    /// How long the last try took.
    public var duration = Duration.zero
    /// How it ended.
    public var outcome = Outcome.canceled
}

/// SNS's default retry policy for HTTP endpoints ("Amazon SNS message delivery retries" in the Amazon SNS Developer Guide).
enum DeliveryPolicy {
    /// How long to wait before each of the retries.
    static let retryDelays: [Duration] = [.seconds(20), .seconds(20), .seconds(20)]

    /// What follows from a try; nil if it is to be repeated.
    static func outcome(of attempt: DeliveryReport.Attempt) -> DeliveryReport.Outcome? {
        switch attempt {
        case .responded(200..<300): .delivered
        // SNS takes whatever the endpoint says about the request itself for its last word, 429 too. A redirection is not
        // followed.
        case .responded(300..<500): .rejected
        case .responded, .failed: nil
        }
    }
}

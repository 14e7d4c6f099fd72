package import AWSCore

/// The result of delivering one message to one subscription.
package struct DeliveryReport: Sendable, Hashable {
    /// One attempt.
    package enum Attempt: Sendable, Hashable {
        /// The endpoint responded with this status.
        case responded(Int)
        /// There was no response, with the reason.
        case failed(String)
    }

    /// The outcome.
    package enum Outcome: Sendable, Hashable {
        /// The endpoint accepted the message.
        case delivered
        /// The endpoint rejected it permanently, so it was not retried.
        case rejected
        /// Every attempt failed.
        case exhausted
        /// The stand-in was stopped or the task canceled.
        case canceled
    }

    /// The message ID, the same in every attempt.
    package let messageID: String
    /// The subscription.
    package let subscription: ARN
    /// The endpoint's URL.
    package let endpoint: String
    /// The attempts, in order.
    package var attempts: [Attempt] = []
    /// The duration of the last attempt.
    package var duration = Duration.zero
    /// The outcome.
    package var outcome = Outcome.canceled
}

/// SNS's default retry policy for HTTP endpoints ("Amazon SNS message delivery retries" in the Amazon SNS Developer Guide).
enum DeliveryPolicy {
    /// The delay before each retry.
    static let retryDelays: [Duration] = [.seconds(20), .seconds(20), .seconds(20)]

    /// The outcome after an attempt; nil to retry.
    static func outcome(of attempt: DeliveryReport.Attempt) -> DeliveryReport.Outcome? {
        switch attempt {
        case .responded(200..<300): .delivered
        // SNS treats every 4xx status as permanent, including 429. Redirects are not followed.
        case .responded(300..<500): .rejected
        case .responded, .failed: nil
        }
    }
}

import AWSCore
import ErrorCodes
import HTTPServer
import Logging
import SNS
import Store
import Synchronization

/// Confirms subscriptions, and remembers how they stand.
struct SubscriptionManager: Sendable {
    /// What is to be done about the messages that SNS sends of subscriptions.
    struct Policy: Sendable, Hashable {
        /// Whether subscriptions are confirmed; if not, the operator does it.
        var confirms = true
        /// Whether one that was ended is taken back.
        var resubscribes = false
    }

    let policy: Policy
    let store: any Store
    /// Asks a URL of Amazon SNS that confirms a subscription; returns the status.
    let confirm: @Sendable (_ url: String) async throws -> Int
    let clock: @Sendable () -> Int64
    let logger: Logger
    /// Topics that are known to deliver, so that not every notification asks the store.
    private let delivering = ConfirmedTopics()

    init(
        policy: Policy, store: any Store, confirm: @escaping @Sendable (_ url: String) async throws -> Int,
        clock: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.policy = policy
        self.store = store
        self.confirm = confirm
        self.clock = clock
        self.logger = logger
    }

    /// What to do about a message, by what is known of the topic's subscription.
    enum Step: Hashable {
        /// Nothing: it was done, or something newer has happened.
        case nothing
        /// Confirm the subscription.
        case confirm
        /// Only note how it stands.
        case note
    }

    /// - Parameter known: how the subscription stands; nil if nothing is known.
    static func step(for message: SNSMessage, known: Subscription?, policy: Policy) -> Step {
        if let known {
            let isSame = known.messageID == message.messageID
            switch message.kind {
            case .notification:
                // One that was published before the end may come after it.
                guard known.state != .confirmed, message.publishedAt > known.publishedAt else { return .nothing }
            case .subscriptionConfirmation:
                if isSame && known.state != .pending { return .nothing }
                if known.state == .ended && message.publishedAt <= known.publishedAt { return .nothing }
            case .unsubscribeConfirmation:
                // The end that could not be taken back yet is told again.
                if isSame && !(known.state == .ended && policy.resubscribes) { return .nothing }
                if message.publishedAt < known.publishedAt { return .nothing }
            }
        }
        switch message.kind {
        case .notification: return .note
        case .subscriptionConfirmation: return policy.confirms ? .confirm : .note
        case .unsubscribeConfirmation: return policy.resubscribes ? .confirm : .note
        }
    }

    /// Does what a verified message asks for that is not a notification.
    func answer(_ message: SNSMessage) async throws(SNSError) -> IntakeResult {
        guard let url = try message.confirmationURL(), let command = message.confirmationCommand else {
            return .accepted("ignored")
        }
        do throws(StoreError) {
            let known = try await store.subscription(to: message.topic)
            let isEnd = if case .unsubscribeConfirmation = message.kind { true } else { false }
            switch Self.step(for: message, known: known, policy: policy) {
            case .nothing: return .accepted("duplicate")
            case .confirm:
                if let problem = await problem(asking: url) {
                    // Another subscription to the same topic may be confirmed already.
                    if isEnd {
                        try await note(message, .ended)
                        logEnd(of: message, "it could not be taken back yet", command)
                    } else if known?.state != .confirmed {
                        try await note(message, .pending)
                    }
                    return .unavailable(
                        code: .confirmationFailed,
                        message: "The subscription could not be confirmed: \(problem). Amazon SNS will ask again.")
                }
                try await note(message, .confirmed)
                logger.info(
                    isEnd ? "The end of a subscription was taken back." : "A subscription was confirmed.",
                    metadata: ["topic": "\(message.topic)"])
                return .accepted(isEnd ? "resubscribed" : "confirmed")
            case .note where isEnd:
                try await note(message, .ended)
                logEnd(of: message, "the topic delivers nothing more until it is subscribed again", command)
                return .accepted("unsubscribed")
            case .note:
                try await note(message, .pending)
                logger.warning(
                    "A subscription waits to be confirmed by you, as sns.confirm is off.",
                    metadata: ["topic": "\(message.topic)", LogMetadataKey.command: "\(command)"])
                return .accepted("pending")
            }
        } catch {
            return .unavailable(
                code: .storeUnavailable,
                message: "The subscription could not be remembered. Send it again later. \(error.message)")
        }
    }

    /// Takes note that a topic delivers. That it cannot be noted does not matter to the notification.
    func noteDelivery(_ message: SNSMessage) async {
        guard delivering.isNew(message.topic) else { return }
        do throws(StoreError) {
            let known = try await store.subscription(to: message.topic)
            if Self.step(for: message, known: known, policy: policy) == .note {
                try await note(message, .confirmed)
            }
            if known?.state != .ended { delivering.insert(message.topic) }
        } catch {
            logger.warning(
                "It could not be remembered that a topic delivers.",
                metadata: ["topic": "\(message.topic)", "reason": "\(error.message)"])
        }
    }

    private func note(_ message: SNSMessage, _ state: Subscription.State) async throws(StoreError) {
        try await store.record(
            Subscription(
                topic: message.topic, state: state, messageID: message.messageID, publishedAt: message.publishedAt,
                changedAt: clock()))
        if state != .confirmed { delivering.remove(message.topic) }
    }

    /// Asks SNS; gives what failed, or nil.
    private func problem(asking url: String) async -> String? {
        do {
            let status = try await confirm(url)
            return (200..<300).contains(status) ? nil : "Amazon SNS answered with status \(status)"
        } catch {
            return "\(error)"
        }
    }

    private func logEnd(of message: SNSMessage, _ consequence: String, _ command: String) {
        logger.warning(
            "A subscription was ended: \(consequence).",
            metadata: ["topic": "\(message.topic)", LogMetadataKey.command: "\(command)"])
    }
}

/// Topics that are known to deliver.
private final class ConfirmedTopics: Sendable {
    /// How many are kept; then all are asked for anew.
    private static let maximum = 1000
    private let topics = Mutex<Set<ARN>>([])

    func isNew(_ topic: ARN) -> Bool { topics.withLock { !$0.contains(topic) } }

    func insert(_ topic: ARN) {
        topics.withLock { topics in
            if topics.count >= Self.maximum { topics.removeAll() }
            topics.insert(topic)
        }
    }

    func remove(_ topic: ARN) { topics.withLock { _ = $0.remove(topic) } }
}

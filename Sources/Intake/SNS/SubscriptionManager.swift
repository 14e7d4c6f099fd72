import AWSCore
package import Encoding
import ErrorCodes
package import Logging
package import SNS
package import Store
import Synchronization
import Telemetry

/// Confirms SNS subscriptions and stores their state.
package struct SubscriptionManager: Sendable {
    /// Which subscription messages of SNS the bridge acts on.
    package struct Policy: Sendable, Hashable {
        /// Whether the bridge confirms subscriptions. Otherwise an operator confirms them.
        package var confirms = true
        /// Whether the bridge re-subscribes after an unsubscribe.
        package var resubscribes = false

        /// Creates a policy.
        package init(confirms: Bool = true, resubscribes: Bool = false) {
            self.confirms = confirms
            self.resubscribes = resubscribes
        }
    }

    /// Which subscription messages are acted on.
    package let policy: Policy
    /// Where the state of subscriptions is stored.
    package let store: any SubscriptionStore
    /// Requests a confirmation URL of Amazon SNS; returns the response's status.
    package let confirm: @Sendable (_ url: String) async throws -> Int
    /// Returns the present time.
    package let clock: @Sendable () -> Timestamp
    /// The logger.
    package let logger: Logger
    /// Topics whose subscription is known to be confirmed, so that not every notification reads the store.
    private let confirmedTopics = ConfirmedTopics()

    /// Creates a manager.
    ///
    /// - Parameters:
    ///   - confirm: requests a confirmation URL of Amazon SNS; returns the status of the response.
    ///   - clock: returns the present time.
    package init(
        policy: Policy, store: any SubscriptionStore, confirm: @escaping @Sendable (_ url: String) async throws -> Int,
        clock: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
        self.policy = policy
        self.store = store
        self.confirm = confirm
        self.clock = clock
        self.logger = logger
    }

    /// What to do about a message, given the stored state of the topic's subscription.
    package enum Step: Hashable {
        /// Nothing: it is done already, or superseded.
        case nothing
        /// Confirm the subscription.
        case confirm
        /// Only store the state.
        case record
    }

    /// Decides what to do about a message.
    ///
    /// - Parameter known: the stored state; nil if there is none.
    package static func step(for message: SNSMessage, known: Subscription?, policy: Policy) -> Step {
        if let known {
            let isSame = known.messageID == message.messageID
            switch message.kind {
            case .notification:
                // A notification from before the unsubscribe may arrive after it.
                guard known.state != .confirmed, message.publishedAt > known.publishedAt else {
                    return .nothing
                }
            case .subscriptionConfirmation:
                if isSame && known.state != .pending { return .nothing }
                if known.state == .ended && message.publishedAt <= known.publishedAt {
                    return .nothing
                }
            case .unsubscribeConfirmation:
                // SNS repeats the message while re-subscribing fails.
                if isSame && !(known.state == .ended && policy.resubscribes) { return .nothing }
                if message.publishedAt < known.publishedAt { return .nothing }
            }
        }
        switch message.kind {
        case .notification: return .record
        case .subscriptionConfirmation: return policy.confirms ? .confirm : .record
        case .unsubscribeConfirmation: return policy.resubscribes ? .confirm : .record
        }
    }

    /// Handles a verified subscription or unsubscribe confirmation.
    func handle(_ message: SNSMessage) async throws(SNSError) -> IntakeResult {
        guard let url = try message.confirmationURL(), let command = message.confirmationCommand else {
            return .accepted(AcceptedDeliveries())
        }
        do throws(StoreError) {
            let known = try await store.subscription(to: message.topic)
            let isUnsubscribe = if case .unsubscribeConfirmation = message.kind { true } else { false }
            switch Self.step(for: message, known: known, policy: policy) {
            case .nothing: return .subscription(.duplicate)
            case .confirm:
                if let failure = await confirmationFailure(at: url) {
                    // Another subscription to the same topic may be confirmed already; keep that state.
                    if isUnsubscribe {
                        try await record(message, .ended)
                        logger.log(
                            .subscriptionRestoreFailed, [.topic: "\(message.topic)", .command: .string(command)])
                    } else if known?.state != .confirmed {
                        try await record(message, .pending)
                    }
                    return .deferred(
                        IntakeError(
                            code: .confirmationFailed,
                            message: "Confirming the subscription failed: \(failure). Amazon SNS retries."))
                }
                try await record(message, .confirmed)
                logger.log(isUnsubscribe ? .subscriptionRestored : .subscriptionConfirmed, [.topic: "\(message.topic)"])
                return .subscription(isUnsubscribe ? .resubscribed : .confirmed)
            case .record where isUnsubscribe:
                try await record(message, .ended)
                logger.log(.subscriptionEnded, [.topic: "\(message.topic)", .command: .string(command)])
                return .subscription(.unsubscribed)
            case .record:
                try await record(message, .pending)
                logger.log(.subscriptionPending, [.topic: "\(message.topic)", .command: .string(command)])
                return .subscription(.pending)
            }
        } catch {
            return .deferred(
                IntakeError(
                    code: .storeUnavailable, message: "Storing the subscription failed: \(error.message)"))
        }
    }

    /// Records that a topic delivers. A failure to store that does not affect the notification.
    package func recordDelivery(_ message: SNSMessage) async {
        guard confirmedTopics.isNew(message.topic) else { return }
        do throws(StoreError) {
            let known = try await store.subscription(to: message.topic)
            if Self.step(for: message, known: known, policy: policy) == .record {
                try await record(message, .confirmed)
            }
            if known?.state != .ended { confirmedTopics.insert(message.topic) }
        } catch {
            logger.log(
                .subscriptionStatusNotStored, [.topic: "\(message.topic)", .reason: .string(error.message)])
        }
    }

    private func record(_ message: SNSMessage, _ state: Subscription.State) async throws(StoreError) {
        try await store.record(
            Subscription(
                topic: message.topic, state: state, messageID: message.messageID,
                publishedAt: message.publishedAt,
                changedAt: clock()))
        if state != .confirmed { confirmedTopics.remove(message.topic) }
    }

    /// Requests the confirmation URL.
    ///
    /// - Returns: why it failed; nil if it succeeded.
    private func confirmationFailure(at url: String) async -> String? {
        do {
            let status = try await confirm(url)
            return (200..<300).contains(status) ? nil : "Amazon SNS responded with status \(status)"
        } catch {
            return "\(error)"
        }
    }
}

/// A bounded set of topics whose subscription is known to be confirmed.
private final class ConfirmedTopics: Sendable {
    /// The most topics that are kept; beyond it, the set is cleared and filled again.
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

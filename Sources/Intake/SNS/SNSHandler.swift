import AWSCore
import DeviceDefender
package import Encoding
package import HTTPServer
import HTTPTypes
import JSON
package import SNS
package import Store

/// Handles HTTPS deliveries of Amazon SNS (`POST /sns`).
package struct SNSHandler: Sendable {
    /// Verifies messages of Device Defender.
    package let verifier: SNSVerifier
    /// The mapped sources with topics.
    package let sources: [TopicSource]
    /// The messages that are not stored.
    package let ignored: IgnoredMessages
    /// Where deliveries are stored.
    package let store: any DeliveryQueue
    /// Handles subscription messages.
    package let subscriptions: SubscriptionManager
    /// Returns the present time.
    package let clock: @Sendable () -> Timestamp

    /// Handles a request. SNS discards a message that is rejected, and retries one that is deferred.
    ///
    /// - Parameter reserve: reserves capacity in the queue for a number of deliveries; returns false if there is not enough.
    package func receive(_ request: ServerRequest, reserve: (Int) -> Bool) async -> IntakeResult {
        do throws(SNSError) {
            try SNSMessage.requireEnvelope(isRaw: Self.isRaw(request))
            let message = try SNSMessage(parsing: request.body)
            guard !request.clientHasLeft else { return .deferred(.abandoned) }
            let source = source(of: message.topic)
            let accountRegion = try await (source?.verifier ?? verifier).verify(message, now: clock())
            guard case .notification = message.kind else { return try await subscriptions.handle(message) }
            let result =
                if let source {
                    await accept(message, of: source.source, in: accountRegion, reserve)
                } else {
                    try await accept(message, on: accountRegion)
                }
            if case .accepted = result { await subscriptions.recordDelivery(message) }
            return result
        } catch {
            return IntakeResult(error)
        }
    }

    /// The mapped source of a topic; nil for a topic of Device Defender, and for one that is not allowed.
    private func source(of topic: ARN) -> TopicSource? {
        guard !verifier.topics.allows(topic) else { return nil }
        return sources.first { $0.verifier.topics.allows(topic) }
    }

    private func accept(
        _ message: SNSMessage, of source: MappedSource, in accountRegion: AccountRegion, _ reserve: (Int) -> Bool
    ) async -> IntakeResult {
        let items = SourceItems(ofMessage: Array(message.message.utf8), source.mapping)
        guard !items.payloads.isEmpty else { return .accepted(AcceptedDeliveries(ignored: 1)) }
        guard reserve(items.payloads.count) else { return .deferred(.queueFull) }
        guard source.allows(items.payloads.count) else { return .deferred(.rateLimited) }
        let deliveries = source.deliveries(of: items, in: accountRegion, by: .sns, at: clock()) {
            MappedSource.itemID("sns:" + message.messageID, index: $0)
        }
        return await store.accept(deliveries.map { ($0, message.messageID) })
    }

    private func accept(_ message: SNSMessage, on accountRegion: AccountRegion) async throws(SNSError) -> IntakeResult {
        guard !ignored.contains(message.message) else { return .accepted(AcceptedDeliveries(ignored: 1)) }
        return await append(message, from: try self.accountRegion(of: message, on: accountRegion))
    }

    /// Whether the request says that raw message delivery is on for the subscription.
    private static func isRaw(_ request: ServerRequest) -> Bool {
        request.head.headerFields[values: rawDelivery].contains { UTF8Text($0.lowercased()) == "true" }
    }

    private static let rawDelivery: HTTPField.Name = {
        guard let name = HTTPField.Name("x-amz-sns-rawdelivery") else { preconditionFailure("a valid name") }
        return name
    }()

    /// The account and Region that a message belongs to.
    ///
    /// - Parameter accountRegion: those of its topic, which apply unless it is a central topic.
    private func accountRegion(of message: SNSMessage, on accountRegion: AccountRegion) throws(SNSError)
        -> AccountRegion
    {
        guard verifier.topics.isCentral(message.topic) else { return accountRegion }
        return try verifier.topics.accountRegion(of: message.topic, stating: Self.auditedAccount(message))
    }

    /// The account that an audit notification states; nil for other messages.
    private static func auditedAccount(_ message: SNSMessage) -> AccountID? {
        guard let json = try? JSON(parsing: message.message),
            case .audit(let notification) = try? DeviceDefenderMessage(json)
        else { return nil }
        return notification.account
    }

    private func append(_ message: SNSMessage, from accountRegion: AccountRegion) async -> IntakeResult {
        let delivery = Delivery(
            id: "sns:" + message.messageID, accountRegion: accountRegion, channel: .sns, topic: message.topic,
            receivedAt: clock(), payload: Array(message.message.utf8))
        return await store.accept([(delivery, message.messageID)])
    }

    /// Creates a handler.
    ///
    /// - Parameter clock: returns the present time.
    package init(
        verifier: SNSVerifier, sources: [TopicSource] = [], ignored: IgnoredMessages = IgnoredMessages(),
        store: any DeliveryQueue,
        subscriptions: SubscriptionManager,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.verifier = verifier
        self.sources = sources
        self.ignored = ignored
        self.store = store
        self.subscriptions = subscriptions
        self.clock = clock
    }
}

import AWSCore

/// Signs messages for the subscriptions of their topics, and delivers them.
struct TopicPublisher: Sendable {
    let state: CloudState
    let signer: TopicSigner
    let deliveries: MessageDeliverer

    private static let concurrency = 16

    /// Delivers messages to all confirmed subscriptions until the stream ends. The attribute `SignatureVersion` of a topic
    /// selects the signature.
    func deliver(_ messages: AsyncStream<TopicMessage>) async {
        await withDiscardingTaskGroup { group in
            for await message in messages { group.addTask { await deliver(message) } }
        }
    }

    private func deliver(_ message: TopicMessage) async {
        let version = state.withLock { $0.topics.topicAttributes[message.topic]?["SignatureVersion"] }
            .flatMap { TopicSignatureVersion(rawValue: $0) }
        // SNS reports no errors of deliveries to the publisher.
        guard let items = try? items(message, version: version ?? .one) else { return }
        _ = await deliveries.deliver(items, concurrency: Self.concurrency)
    }

    /// A message, signed for each confirmed subscription to its topic.
    ///
    /// - Throws: the errors of ``item(_:for:version:)``.
    func items(_ message: TopicMessage, version: TopicSignatureVersion) throws -> [MessageDeliverer.Item] {
        try state.withLock { $0.topics.confirmed(message.topic) }.map { try item(message, for: $0, version: version) }
    }

    /// A message, signed for a subscription.
    ///
    /// - Throws: `CryptographyError` if the message cannot be signed, ``LocalAWSError`` if the Region is not configured.
    func item(
        _ message: TopicMessage, for subscription: TopicModel.Subscription, version: TopicSignatureVersion
    ) throws -> MessageDeliverer.Item {
        guard let signature = try signer.sign(message, version: version) else {
            throw LocalAWSError.regionNotConfigured(message.topic.accountRegion.region)
        }
        return MessageDeliverer.Item(
            message: message, body: message.body(signature: signature, for: subscription), subscription: subscription)
    }
}

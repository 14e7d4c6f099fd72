import AWSCore

/// SNS's topics with their subscriptions.
struct TopicModel {
    /// An endpoint that wants a topic's messages.
    struct Subscription: Hashable {
        let arn: ARN
        let topic: ARN
        /// The address that messages are sent to.
        let endpoint: String
        fileprivate(set) var token: String
        var isConfirmed = false
    }

    private(set) var subscriptions: [Subscription] = []

    /// Adds a subscription that waits to be confirmed; one of the same endpoint to the same topic is replaced.
    mutating func subscribe(_ endpoint: String, to topic: ARN) -> Subscription {
        subscriptions.removeAll { $0.endpoint == endpoint && $0.topic == topic }
        let arn = ARN(service: "sns", origin: topic.origin, resource: "\(topic.resource):\(RandomToken.uuid())")
        let subscription = Subscription(
            arn: arn, topic: topic, endpoint: endpoint, token: RandomToken.hexadecimal(bytes: 64))
        subscriptions.append(subscription)
        return subscription
    }

    /// Ends a confirmed subscription; its new token can take that back. Gives nil if there is none.
    mutating func unsubscribe(_ endpoint: String, from topic: ARN) -> Subscription? {
        let index = subscriptions.firstIndex { $0.isConfirmed && $0.endpoint == endpoint && $0.topic == topic }
        guard let index else { return nil }
        subscriptions[index].isConfirmed = false
        subscriptions[index].token = RandomToken.hexadecimal(bytes: 64)
        return subscriptions[index]
    }

    /// Those that get a topic's messages.
    func confirmed(_ topic: ARN) -> [Subscription] { subscriptions.filter { $0.isConfirmed && $0.topic == topic } }

    /// Answers `ConfirmSubscription` (Amazon SNS API Reference); the same may be confirmed again.
    ///
    /// - Parameter isSigned: whether somebody has signed the call.
    /// - Throws: ``ServiceError`` if the request is refused.
    mutating func confirm(_ parameters: [String: String], isSigned: Bool) throws(ServiceError) -> [XMLElement] {
        guard let topic = parameters["TopicArn"].flatMap({ ARN($0) }), topic.service == "sns" else {
            throw ServiceError(400, "InvalidParameter", "Invalid parameter: TopicArn")
        }
        guard isSigned || parameters["AuthenticateOnUnsubscribe"] != "true" else {
            throw ServiceError(403, "AuthorizationError", "AuthenticateOnUnsubscribe needs a signed request")
        }
        guard
            let index = subscriptions.firstIndex(where: { $0.topic == topic && $0.token == parameters["Token"] })
        else { throw ServiceError(400, "InvalidParameter", "Invalid parameter: Token") }
        subscriptions[index].isConfirmed = true
        return [XMLElement("SubscriptionArn", subscriptions[index].arn.description)]
    }
}

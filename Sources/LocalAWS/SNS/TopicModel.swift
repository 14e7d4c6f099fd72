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
        /// Such as `RedrivePolicy`.
        var attributes: [String: String] = [:]
        var isConfirmed = false
    }

    private(set) var subscriptions: [Subscription] = []
    /// What was set of topics.
    var topicAttributes: [ARN: [String: String]] = [:]

    /// Adds a subscription that waits to be confirmed; one of the same endpoint to the same topic is replaced.
    mutating func subscribe(_ endpoint: String, to topic: ARN) -> Subscription {
        subscriptions.removeAll { $0.endpoint == endpoint && $0.topic == topic }
        let arn = ARN(
            service: "sns", accountRegion: topic.accountRegion, resource: "\(topic.resource):\(RandomToken.uuid())")
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

    /// Sets an attribute of an endpoint's subscription.
    mutating func set(_ name: String, to value: String, for endpoint: String, topic: ARN) {
        for index in subscriptions.indices
        where subscriptions[index].endpoint == endpoint && subscriptions[index].topic == topic {
            subscriptions[index].attributes[name] = value
        }
    }

    /// Answers `ListSubscriptionsByTopic` in one page.
    func list(_ parameters: [String: String]) throws(ServiceError) -> [XMLElement] {
        guard let topic = parameters["TopicArn"].flatMap({ ARN($0) }), topic.service == "sns" else {
            throw ServiceError(400, "InvalidParameter", "Invalid parameter: TopicArn")
        }
        let members = subscriptions.filter { $0.topic == topic }.map { subscription in
            XMLElement(
                "member",
                [
                    XMLElement("Owner", topic.accountRegion.account.digits),
                    XMLElement("Endpoint", subscription.endpoint),
                    XMLElement("Protocol", String(subscription.endpoint.prefix { $0 != ":" })),
                    XMLElement(
                        "SubscriptionArn",
                        subscription.isConfirmed ? subscription.arn.description : "PendingConfirmation"),
                    XMLElement("TopicArn", topic.description),
                ])
        }
        return [XMLElement("Subscriptions", members)]
    }

    /// Answers `GetSubscriptionAttributes`.
    func attributes(_ parameters: [String: String]) throws(ServiceError) -> [XMLElement] {
        guard
            let subscription = subscriptions.first(where: {
                $0.isConfirmed && $0.arn.description == parameters["SubscriptionArn"]
            })
        else { throw ServiceError(404, "NotFound", "Subscription does not exist") }
        let all = ["Endpoint": subscription.endpoint, "RawMessageDelivery": "false"]
            .merging(subscription.attributes) { _, last in last }
        return Self.attributes(all)
    }

    /// The response to `GetTopicAttributes`. Topics exist as soon as they are named.
    func topicAttributes(_ parameters: [String: String]) throws(ServiceError) -> [XMLElement] {
        guard let topic = parameters["TopicArn"].flatMap({ ARN($0) }), topic.service == "sns" else {
            throw ServiceError(400, "InvalidParameter", "Invalid parameter: TopicArn")
        }
        return Self.attributes(["TopicArn": topic.description].merging(topicAttributes[topic] ?? [:]) { $1 })
    }

    private static func attributes(_ attributes: [String: String]) -> [XMLElement] {
        let entries = attributes.sorted { $0.key < $1.key }.map { key, value in
            XMLElement("entry", [XMLElement("key", key), XMLElement("value", value)])
        }
        return [XMLElement("Attributes", entries)]
    }

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

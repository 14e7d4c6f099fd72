import AWSCore

/// SNS's topics with their subscriptions.
struct TopicModel {
    /// An endpoint's subscription to a topic.
    struct Subscription: Hashable {
        let arn: ARN
        let topic: ARN
        /// The endpoint's URL.
        let endpoint: String
        fileprivate(set) var token: String
        /// Attributes such as `RedrivePolicy`.
        var attributes: [String: String] = [:]
        var isConfirmed = false
    }

    private(set) var subscriptions: [Subscription] = []
    /// The attributes of topics.
    var topicAttributes: [ARN: [String: String]] = [:]

    /// Adds an unconfirmed subscription; replaces one of the same endpoint to the same topic.
    mutating func subscribe(_ endpoint: String, to topic: ARN) -> Subscription {
        subscriptions.removeAll { $0.endpoint == endpoint && $0.topic == topic }
        let arn = ARN(
            service: "sns", accountRegion: topic.accountRegion, resource: "\(topic.resource):\(RandomToken.uuid())")
        let subscription = Subscription(
            arn: arn, topic: topic, endpoint: endpoint, token: RandomToken.hexadecimal(bytes: 64))
        subscriptions.append(subscription)
        return subscription
    }

    /// Removes a confirmed subscription, and returns it with a new token for confirming again; nil if there is none.
    mutating func unsubscribe(_ endpoint: String, from topic: ARN) -> Subscription? {
        let index = subscriptions.firstIndex { $0.isConfirmed && $0.endpoint == endpoint && $0.topic == topic }
        guard let index else { return nil }
        subscriptions[index].isConfirmed = false
        subscriptions[index].token = RandomToken.hexadecimal(bytes: 64)
        return subscriptions[index]
    }

    /// The confirmed subscriptions to a topic.
    func confirmed(_ topic: ARN) -> [Subscription] { subscriptions.filter { $0.isConfirmed && $0.topic == topic } }

    /// Sets an attribute of an endpoint's subscription.
    mutating func set(_ name: String, to value: String, for endpoint: String, topic: ARN) {
        for index in subscriptions.indices
        where subscriptions[index].endpoint == endpoint && subscriptions[index].topic == topic {
            subscriptions[index].attributes[name] = value
        }
    }

    /// Implements `ListSubscriptionsByTopic`, in one page.
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

    /// Implements `GetSubscriptionAttributes`.
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

    /// The response to `GetTopicAttributes`. Every topic exists.
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

    /// Implements `ConfirmSubscription` (Amazon SNS API Reference); confirming twice is allowed.
    ///
    /// - Parameter isSigned: whether the call is signed.
    /// - Throws: ``ServiceError`` if the request is rejected.
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

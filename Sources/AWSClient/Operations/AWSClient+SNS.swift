package import AWSCore

/// A subscription to an Amazon SNS topic.
package struct TopicSubscription: Sendable, Hashable {
    /// The subscription's ARN; nil while confirmation is pending.
    package let arn: String?
    /// The endpoint that messages are delivered to.
    package let endpoint: String
    /// The delivery protocol, for example `https`.
    package let `protocol`: String
}

extension AWSClient {
    /// The maximum number of pages, of 100 subscriptions each.
    private static let maximumPages = 100

    /// The first 10,000 subscriptions to a topic (Amazon SNS `ListSubscriptionsByTopic`).
    package func subscriptions(to topic: ARN) async throws(AWSError) -> [TopicSubscription] {
        var subscriptions: [TopicSubscription] = []
        var nextToken: String?
        for _ in 0..<Self.maximumPages {
            var parameters = [("TopicArn", topic.description)]
            if let nextToken { parameters.append(("NextToken", nextToken)) }
            let operation = Self.topicService("ListSubscriptionsByTopic", parameters)
            let body = try await perform(operation, in: topic.accountRegion.region)
            for member in XMLText.blocks("member", in: body) {
                guard let arn = XMLText.element("SubscriptionArn", in: member),
                    let name = XMLText.element("Protocol", in: member)
                else { throw operation.malformedResponse("a subscription lacks its ARN or protocol") }
                subscriptions.append(
                    TopicSubscription(
                        arn: arn.hasPrefix("arn:") ? arn : nil, endpoint: XMLText.element("Endpoint", in: member) ?? "",
                        protocol: name))
            }
            nextToken = XMLText.element("NextToken", in: body)
            if nextToken?.isEmpty ?? true { break }
        }
        return subscriptions
    }

    /// The attributes of a subscription, such as `RedrivePolicy` (Amazon SNS `GetSubscriptionAttributes`).
    ///
    /// - Parameter arn: the subscription's ARN.
    package func subscriptionAttributes(_ arn: String, region: Region) async throws(AWSError) -> [String: String] {
        try await attributes(Self.topicService("GetSubscriptionAttributes", [("SubscriptionArn", arn)]), region)
    }

    /// The attributes of a topic, such as `SignatureVersion` (Amazon SNS `GetTopicAttributes`).
    package func topicAttributes(_ topic: ARN) async throws(AWSError) -> [String: String] {
        try await attributes(
            Self.topicService("GetTopicAttributes", [("TopicArn", topic.description)]), topic.accountRegion.region)
    }

    private func attributes(_ operation: Operation, _ region: Region) async throws(AWSError) -> [String: String] {
        let body = try await perform(operation, in: region)
        var attributes: [String: String] = [:]
        for entry in XMLText.blocks("entry", in: body) {
            guard let key = XMLText.element("key", in: entry) else {
                throw operation.malformedResponse("an entry lacks its key")
            }
            attributes[key] = XMLText.element("value", in: entry) ?? ""
        }
        return attributes
    }

    private static func topicService(_ name: String, _ parameters: [(String, String)]) -> Operation {
        Operation(service: .sns, query: name, version: "2010-03-31", parameters: parameters)
    }
}

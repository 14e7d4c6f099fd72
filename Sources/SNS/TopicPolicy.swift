public import AWSCore

/// The topics whose messages are taken. Every AWS account can make SNS sign and deliver to this endpoint, so that a valid
/// signature alone says nothing about who published.
public struct TopicPolicy: Sendable, Hashable {
    /// An entry that is not the ARN of a topic.
    public struct InvalidTopic: Error, Hashable, CustomStringConvertible {
        /// The entry as it was configured.
        public let text: String

        /// What is wrong, naming the entry.
        public var description: String {
            "\"\(text)\" is not the ARN of an SNS topic, such as arn:aws:sns:us-east-1:111122223333:name."
        }
    }

    /// The topics.
    public let topics: Set<ARN>

    /// Reads a list of topics; an empty one allows none.
    ///
    /// - Throws: ``InvalidTopic`` for the first entry that is not the ARN of a topic. There are no wildcards.
    public init(topics texts: [String]) throws(InvalidTopic) {
        var topics: Set<ARN> = []
        for text in texts {
            guard let topic = ARN(text), topic.isTopic else { throw InvalidTopic(text: text) }
            topics.insert(topic)
        }
        self.topics = topics
    }

    /// Checks that a topic is one of them.
    ///
    /// - Throws: ``SNSRefusal`` with the code `topic_not_allowed`, if not.
    public func check(_ topic: ARN) throws(SNSRefusal) {
        guard topics.contains(topic) else {
            throw .refused(
                "topic_not_allowed", "The topic \(topic) is not in sns.topics. Add it there if it is one of yours.")
        }
    }
}

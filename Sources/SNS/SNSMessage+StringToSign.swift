import AWSCore

extension SNSMessage {
    /// The bytes that SNS signs: names and values, sorted by name, each followed by a line break.
    ///
    /// See "Verifying the signatures of Amazon SNS messages" in the Amazon SNS Developer Guide.
    public var stringToSign: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(message.utf8.count + 1024)
        func add(_ name: String, _ value: String) {
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: "\n"))
            bytes.append(contentsOf: value.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        add("Message", message)
        add("MessageId", messageID)
        switch kind {
        case .notification(let subject):
            if let subject { add("Subject", subject) }
            add("Timestamp", timestamp)
        case .subscriptionConfirmation(let confirmation), .unsubscribeConfirmation(let confirmation):
            add("SubscribeURL", confirmation.subscribeURL)
            add("Timestamp", timestamp)
            add("Token", confirmation.token)
        }
        add("TopicArn", topic.description)
        add("Type", kind.name)
        return bytes
    }
}

extension SNSMessage.Kind {
    /// The value of the field `Type`.
    var name: String {
        switch self {
        case .notification: "Notification"
        case .subscriptionConfirmation: "SubscriptionConfirmation"
        case .unsubscribeConfirmation: "UnsubscribeConfirmation"
        }
    }
}

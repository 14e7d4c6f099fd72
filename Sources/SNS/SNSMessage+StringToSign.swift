import AWSCore

extension SNSMessage {
    /// The bytes that SNS signed: names and values in the order of the names, each followed by a line break.
    ///
    /// See "Verifying the signatures of Amazon SNS messages" in the Amazon SNS Developer Guide.
    public var stringToSign: [UInt8] {
        var fields = [("Message", message), ("MessageId", messageID)]
        switch kind {
        case .notification(let subject):
            if let subject { fields.append(("Subject", subject)) }
            fields += [("Timestamp", timestamp)]
        case .subscriptionConfirmation(let confirmation), .unsubscribeConfirmation(let confirmation):
            fields += [
                ("SubscribeURL", confirmation.subscribeURL), ("Timestamp", timestamp), ("Token", confirmation.token),
            ]
        }
        fields += [("TopicArn", topic.description), ("Type", kind.name)]
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: "\n"))
            bytes.append(contentsOf: value.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
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

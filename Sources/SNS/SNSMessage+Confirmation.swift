public import AWSCore
import Encoding
import ErrorCodes

extension SNSMessage {
    /// The URL that confirms a subscription to a topic (`ConfirmSubscription` in the Amazon SNS API Reference). It is built from
    /// topic and token, on the host of the topic's Region, never taken from a message.
    public static func confirmationURL(topic: ARN, token: String) -> String {
        "https://\(topic.accountRegion.region.snsHost)/?Action=ConfirmSubscription"
            + "&TopicArn=\(PercentEncoding.encode(topic.description))&Token=\(PercentEncoding.encode(token))&Version=2010-03-31"
    }

    /// The URL that confirms the subscription, or re-subscribes after an unsubscribe; nil for a notification.
    ///
    /// Verify the message first.
    ///
    /// - Throws: ``SNSError`` with the code `subscribe_url_refused` if the message's `SubscribeURL` does not match.
    public func confirmationURL() throws(SNSError) -> String? {
        guard let confirmation = kind.confirmation else { return nil }
        guard Self.matches(confirmation, topic) else {
            throw .rejected(
                .subscribeURLRejected,
                "SubscribeURL rejected: it does not confirm the message's topic with its token. Messages may be forged."
            )
        }
        return Self.confirmationURL(topic: topic, token: confirmation.token)
    }

    /// The AWS CLI command that confirms the subscription; nil for a notification.
    ///
    /// Verify the message first.
    public var confirmationCommand: String? {
        guard let confirmation = kind.confirmation else { return nil }
        return "aws sns confirm-subscription --region \(topic.accountRegion.region) --topic-arn \(topic)"
            + " --token \(Self.quoted(confirmation.token))"
    }

    /// Quotes a word for a POSIX shell, if necessary.
    private static func quoted(_ word: String) -> String {
        if word.utf8.allSatisfy(\.isLetterOrDigit) { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Whether `SubscribeURL` confirms the topic with the message's token.
    private static func matches(_ confirmation: Confirmation, _ topic: ARN) -> Bool {
        let start = Array("https://\(topic.accountRegion.region.snsHost)/?".utf8)
        let url = Array(confirmation.subscribeURL.utf8)
        guard url.starts(with: start) else { return false }
        var parameters: [[UInt8]: [UInt8]] = [:]
        for parameter in url.dropFirst(start.count).split(
            separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        {
            let parts = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = PercentEncoding.decode(parts[1]),
                parameters.updateValue(value, forKey: Array(parts[0])) == nil
            else { return false }
        }
        let version = parameters.removeValue(forKey: Array("Version".utf8))
        return (version ?? Array("2010-03-31".utf8)) == Array("2010-03-31".utf8)
            && parameters == [
                Array("Action".utf8): Array("ConfirmSubscription".utf8),
                Array("TopicArn".utf8): Array(topic.description.utf8),
                Array("Token".utf8): Array(confirmation.token.utf8),
            ]
    }
}

extension SNSMessage.Kind {
    fileprivate var confirmation: SNSMessage.Confirmation? {
        switch self {
        case .notification: nil
        case .subscriptionConfirmation(let confirmation), .unsubscribeConfirmation(let confirmation): confirmation
        }
    }
}

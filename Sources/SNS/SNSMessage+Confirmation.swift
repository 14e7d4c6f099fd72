public import AWSCore
import ErrorCodes

extension SNSMessage {
    /// The address that confirms a subscription to a topic, put together from what is known and on the topic's own host,
    /// whatever the message says (see `ConfirmSubscription` in the Amazon SNS API Reference).
    public static func confirmationURL(topic: ARN, token: String) -> String {
        "https://\(topic.accountRegion.region.snsHost)/?Action=ConfirmSubscription"
            + "&TopicArn=\(percentEncoded(topic.description))&Token=\(percentEncoded(token))&Version=2010-03-31"
    }

    /// The address that confirms the subscription that this message asks to confirm, or that takes back the end of the one
    /// that it tells of; nil for a notification.
    ///
    /// Verify the message before.
    ///
    /// - Throws: ``SNSError`` with the code `subscribe_url_rejected` if the message's own address says anything else.
    public func confirmationURL() throws(SNSError) -> String? {
        guard let confirmation = kind.confirmation else { return nil }
        guard Self.says(confirmation, about: topic) else {
            throw .rejected(
                .subscribeURLRejected,
                "The SubscribeURL does not confirm a subscription to the message's own topic with its own token.")
        }
        return Self.confirmationURL(topic: topic, token: confirmation.token)
    }

    /// The command with which an operator confirms the subscription instead; nil for a notification.
    ///
    /// Verify the message before.
    public var confirmationCommand: String? {
        guard let confirmation = kind.confirmation else { return nil }
        return "aws sns confirm-subscription --region \(topic.accountRegion.region) --topic-arn \(topic)"
            + " --token \(Self.quoted(confirmation.token))"
    }

    /// Quotes a word for a shell, unless it is plain.
    private static func quoted(_ word: String) -> String {
        if word.utf8.allSatisfy(\.isLetterOrDigit) { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private static func says(_ confirmation: Confirmation, about topic: ARN) -> Bool {
        let start = Array("https://\(topic.accountRegion.region.snsHost)/?".utf8)
        let url = Array(confirmation.subscribeURL.utf8)
        guard url.starts(with: start) else { return false }
        var parameters: [[UInt8]: [UInt8]] = [:]
        for parameter in url.dropFirst(start.count).split(
            separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        {
            let parts = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = percentDecoded(parts[1]),
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

    /// Encodes everything but RFC 3986's unreserved characters.
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if byte.isLetterOrDigit || "-._~".utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0x0F)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Decodes the value of a parameter; nil unless every `%` stands before two hexadecimal digits.
    private static func percentDecoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
                    return nil
                }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
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

extension UInt8 {
    fileprivate var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

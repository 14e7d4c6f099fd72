import AWSCore
import Encoding
import JSON

/// An SNS message for HTTP endpoints.
struct TopicMessage {
    /// The signed and sent fields, by name.
    private let fields: [String: String]
    let id: String
    let topic: ARN
    let type: String

    /// The signed fields, in order; absent ones are skipped ("Verifying the signatures of Amazon SNS messages" in the
    /// Amazon SNS Developer Guide).
    private static let signedNames = [
        "Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ]

    private init(_ type: String, topic: ARN, message: String, now: Int64, more: [String: String]) {
        self.type = type
        self.topic = topic
        id = RandomToken.uuid()
        fields = more.merging([
            "Type": type, "MessageId": id, "TopicArn": topic.description, "Message": message,
            "Timestamp": Timestamp(milliseconds: now).iso8601,
        ]) { _, field in field }
    }

    /// A notification.
    ///
    /// - Parameter now: milliseconds since 1970.
    static func notification(_ message: String, subject: String?, topic: ARN, now: Int64) -> TopicMessage {
        TopicMessage(
            "Notification", topic: topic, message: message, now: now, more: subject.map { ["Subject": $0] } ?? [:])
    }

    /// The notification that a call of `Publish` publishes (Amazon SNS API Reference). Every topic exists.
    ///
    /// - Parameter now: milliseconds since 1970.
    /// - Throws: ``ServiceError`` if a parameter is missing or malformed.
    init(published parameters: [String: String], now: Int64) throws(ServiceError) {
        guard let topic = parameters["TopicArn"].flatMap({ ARN($0) }), topic.service == "sns" else {
            throw ServiceError(400, "InvalidParameter", "Invalid parameter: TopicArn")
        }
        guard let message = parameters["Message"], !message.isEmpty else {
            throw ServiceError(400, "InvalidParameter", "Invalid parameter: Empty message")
        }
        self = .notification(message, subject: parameters["Subject"], topic: topic, now: now)
    }

    /// The message that requests the confirmation of a subscription.
    ///
    /// - Parameter now: milliseconds since 1970.
    static func confirmation(of subscription: TopicModel.Subscription, now: Int64) -> TopicMessage {
        TopicMessage(
            "SubscriptionConfirmation", of: subscription,
            message:
                "You have chosen to subscribe to the topic \(subscription.topic). To confirm, visit the SubscribeURL.",
            now: now)
    }

    /// The message that confirms the removal of a subscription.
    ///
    /// - Parameter now: milliseconds since 1970.
    static func end(of subscription: TopicModel.Subscription, now: Int64) -> TopicMessage {
        TopicMessage(
            "UnsubscribeConfirmation", of: subscription,
            message:
                "You have chosen to end the subscription \(subscription.arn). To take that back, visit the SubscribeURL.",
            now: now)
    }

    private init(_ type: String, of subscription: TopicModel.Subscription, message: String, now: Int64) {
        let topic = subscription.topic
        self.init(
            type, topic: topic, message: message, now: now,
            more: [
                "Token": subscription.token,
                "SubscribeURL":
                    "https://\(topic.accountRegion.region.snsHost)/?Action=ConfirmSubscription&TopicArn=\(topic)"
                    + "&Token=\(subscription.token)",
            ])
    }

    /// The string to sign.
    var stringToSign: String {
        Self.signedNames.compactMap { name in fields[name].map { "\(name)\n\($0)\n" } }.joined()
    }

    /// The body of a delivery.
    ///
    /// - Parameters:
    ///   - signature: version, Base64 and the certificate's URL.
    ///   - subscription: the receiving subscription.
    func body(signature: TopicSigner.Signature, for subscription: TopicModel.Subscription) -> [UInt8] {
        var members = JSON.Members(fields.mapValues(JSON.string))
        members["SignatureVersion"] = .string(signature.version.rawValue)
        members["Signature"] = .string(signature.base64)
        members["SigningCertURL"] = .string(signature.certificateURL)
        if type == "Notification" {
            members["UnsubscribeURL"] = .string(
                "https://\(topic.accountRegion.region.snsHost)/?Action=Unsubscribe&SubscriptionArn=\(subscription.arn)")
        }
        return JSON.object(members).serialized()
    }
}

extension Region {
    /// The host of SNS in this Region.
    var snsHost: String { "sns.\(name).\(partition.dnsSuffix)" }
}

import AWSCore
import DeviceDefender
import HTTPServer
import HTTPTypes
import JSON
import SNS
import Store

/// Receives SNS's HTTPS deliveries (`POST /sns`).
struct SNSHandler: Sendable {
    let verifier: SNSVerifier
    let store: any Store
    let subscriptions: SubscriptionManager
    let clock: @Sendable () -> Int64

    /// Answers a delivery by facts that decide whether SNS tries again: 4xx loses it, 503 does not.
    func receive(_ request: ServerRequest) async -> IntakeResult {
        do throws(SNSError) {
            try SNSMessage.requireEnvelope(isRaw: Self.isRaw(request))
            let message = try SNSMessage(parsing: request.body)
            guard !request.clientHasLeft else { return .abandoned }
            let accountRegion = try await verifier.verify(message, now: clock())
            guard case .notification = message.kind else { return try await subscriptions.answer(message) }
            let answer = await append(message, from: try self.accountRegion(of: message, on: accountRegion))
            if answer.response.status == .ok { await subscriptions.noteDelivery(message) }
            return answer
        } catch {
            return IntakeResult(error)
        }
    }

    /// Whether SNS says that the subscription has raw message delivery turned on.
    private static func isRaw(_ request: ServerRequest) -> Bool {
        request.head.headerFields[values: rawDelivery].contains { UTF8Text($0.lowercased()) == "true" }
    }

    private static let rawDelivery: HTTPField.Name = {
        guard let name = HTTPField.Name("x-amz-sns-rawdelivery") else { preconditionFailure("a valid name") }
        return name
    }()

    /// The account and Region of a message.
    ///
    /// - Parameter accountRegion: those of its topic, which count unless the topic is a central one.
    private func accountRegion(of message: SNSMessage, on accountRegion: AccountRegion) throws(SNSError)
        -> AccountRegion
    {
        guard verifier.topics.isCentral(message.topic) else { return accountRegion }
        return try verifier.topics.accountRegion(of: message.topic, stating: Self.auditedAccount(message))
    }

    /// The account that an audit states; nil if the message is none, or states none.
    private static func auditedAccount(_ message: SNSMessage) -> AccountID? {
        guard let json = try? JSON(parsing: message.message),
            case .audit(let notification) = try? DeviceDefenderMessage(json)
        else { return nil }
        return notification.account
    }

    private func append(_ message: SNSMessage, from accountRegion: AccountRegion) async -> IntakeResult {
        let delivery = Delivery(
            id: "sns:" + message.messageID, accountRegion: accountRegion, channel: .sns, topic: message.topic,
            receivedAt: clock(), payload: Array(message.message.utf8))
        let answer = await IntakeResult.appending([delivery], to: store).saying([
            [
                (LogMetadataKey.delivery, delivery.id), (LogMetadataKey.messageID, message.messageID),
                (LogMetadataKey.topic, message.topic.description),
                (LogMetadataKey.account, accountRegion.account.digits),
                (LogMetadataKey.region, accountRegion.region.name),
            ]
        ])
        return DeviceDefenderMessage.isNamed(in: delivery.payload) ? answer : answer.unrelated(to: message.topic)
    }
}

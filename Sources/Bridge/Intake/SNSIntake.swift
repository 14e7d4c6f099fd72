import AWSCore
import HTTPServer
import HTTPTypes
import JSON
import SNS
import Store

/// Receives SNS's HTTPS deliveries (`POST /sns`).
struct SNSIntake: Sendable {
    let verifier: SNSVerifier
    let store: any Store
    let subscriptions: SubscriptionDesk
    let clock: @Sendable () -> Int64

    /// Answers a delivery by facts that decide whether SNS tries again: 4xx loses it, 503 does not.
    func receive(_ request: ServerRequest) async -> IntakeAnswer {
        do throws(SNSRefusal) {
            try SNSMessage.requireEnvelope(isRaw: Self.isRaw(request))
            let message = try SNSMessage(parsing: request.body)
            guard !request.clientHasLeft else { return .abandoned }
            let origin = try await verifier.verify(message, now: clock())
            guard case .notification = message.kind else { return try await subscriptions.answer(message) }
            let answer = await append(message, from: origin)
            if answer.response.status == .ok { await subscriptions.noteDelivery(message) }
            return answer
        } catch {
            return IntakeAnswer(error)
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

    private func append(_ message: SNSMessage, from origin: Origin) async -> IntakeAnswer {
        let delivery = Delivery(
            id: "sns:" + message.messageID, origin: origin, source: .sns, receivedAt: clock(),
            payload: Array(message.message.utf8))
        return await IntakeAnswer.appending(delivery, to: store).saying([
            (LogKey.delivery, delivery.id), (LogKey.messageID, message.messageID),
            (LogKey.topic, message.topic.description), (LogKey.account, origin.account.digits),
            (LogKey.region, origin.region.name),
        ])
    }
}

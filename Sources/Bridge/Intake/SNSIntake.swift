import AWSCore
import HTTPServer
import HTTPTypes
import Logging
import SNS
import Store

/// Receives SNS's HTTPS deliveries (`POST /sns`).
struct SNSIntake: Sendable {
    let verifier: SNSVerifier
    let store: any Store
    /// Asks a URL of Amazon SNS that confirms a subscription; returns the status.
    let confirm: @Sendable (_ url: String) async throws -> Int
    let clock: @Sendable () -> Int64
    let logger: Logger

    /// Answers a delivery by facts that decide whether SNS tries again: 4xx loses it, 503 does not.
    func receive(_ request: ServerRequest) async -> IntakeAnswer {
        do throws(SNSRefusal) {
            try SNSMessage.requireEnvelope(isRaw: request.head.headerFields[.rawDelivery] == "true")
            let message = try SNSMessage(parsing: request.body)
            try await verifier.verify(message, now: clock())
            switch message.kind {
            case .notification: return await append(message)
            case .subscriptionConfirmation: return try await confirm(message)
            case .unsubscribeConfirmation:
                logger.warning(
                    "A subscription was ended: the topic delivers nothing more until it is subscribed again.",
                    metadata: ["topic": "\(message.topic)"])
                return .accepted("unsubscribed")
            }
        } catch {
            return IntakeAnswer(error)
        }
    }

    private func append(_ message: SNSMessage) async -> IntakeAnswer {
        let delivery = Delivery(
            id: "sns:\(message.messageID)", origin: message.topic.origin, source: .sns, receivedAt: clock(),
            payload: Array(message.message.utf8))
        return await IntakeAnswer.appending(delivery, to: store)
    }

    private func confirm(_ message: SNSMessage) async throws(SNSRefusal) -> IntakeAnswer {
        guard let url = try message.confirmationURL() else { return .accepted("ignored") }
        let problem: String
        do {
            let status = try await confirm(url)
            if (200..<300).contains(status) {
                logger.info("A subscription was confirmed.", metadata: ["topic": "\(message.topic)"])
                return .accepted("confirmed")
            }
            problem = "Amazon SNS answered with status \(status)"
        } catch {
            problem = "\(error)"
        }
        return .unavailable(
            code: "confirmation_failed",
            message: "The subscription could not be confirmed: \(problem). Amazon SNS will ask again.")
    }
}

extension HTTPField.Name {
    /// Set by SNS when a subscription has raw message delivery turned on.
    fileprivate static var rawDelivery: HTTPField.Name {
        guard let name = HTTPField.Name("x-amz-sns-rawdelivery") else { preconditionFailure("a valid name") }
        return name
    }
}

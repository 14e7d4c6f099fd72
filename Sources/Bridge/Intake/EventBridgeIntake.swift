import AWSCore
import DeviceDefender
import HTTPServer
import HTTPTypes
import JSON
import Store

/// Receives what EventBridge posts to an API destination (`POST /eventbridge`).
struct EventBridgeIntake: Sendable {
    /// The key that callers must send; nil refuses all.
    let apiKey: Secret?
    /// The name of the header field that carries it.
    let apiKeyHeader: String
    let served: ServedOrigins
    let store: any Store
    let clock: @Sendable () -> Int64

    /// Answers an event by facts that decide whether EventBridge tries again: it does after 401 and 503, for a day.
    func receive(_ request: ServerRequest) async -> IntakeAnswer {
        guard isAuthorized(request) else { return Self.unauthorized }
        let event: EventBridgeEvent
        do {
            event = try EventBridgeEvent(posted: JSON(parsing: request.body))
        } catch let error as JSONError {
            return .refused(.badRequest, code: "malformed_json", message: "The event is not JSON: \(error).")
        } catch {
            return .refused(.badRequest, code: "malformed_event", message: "The event is not understood: \(error).")
        }
        guard served.contains(event.origin) else {
            return .refused(
                .forbidden, code: "origin_not_served",
                message: "Account and Region of the event have no topic in sns.topics. Add one, or mend the rule.")
        }
        if case .ignored = event.change { return .accepted("ignored") }
        let delivery = Delivery(
            id: "eventbridge:\(event.id)", origin: event.origin, source: .eventBridge, receivedAt: clock(),
            payload: request.body)
        return await IntakeAnswer.appending(delivery, to: store)
    }

    private func isAuthorized(_ request: ServerRequest) -> Bool {
        guard let apiKey, let name = HTTPField.Name(apiKeyHeader) else { return false }
        let values = request.head.headerFields[values: name]
        return values.count == 1 && apiKey.matches(values[0])
    }

    private static var unauthorized: IntakeAnswer {
        // RFC 9110, section 15.5.2: a 401 names how to authenticate.
        IntakeAnswer.refused(
            .unauthorized, code: "unauthorized",
            message: "The API key is missing or wrong. Set the connection's key to that of eventBridge.apiKey."
        ).with(.wwwAuthenticate, "ApiKey")
    }
}

/// The accounts and Regions that a bridge serves: those of its topics.
struct ServedOrigins: Sendable {
    private let origins: Set<Origin>

    init(topics: Set<ARN>) { origins = Set(topics.map(\.origin)) }

    func contains(_ origin: Origin) -> Bool { origins.contains(origin) }
}

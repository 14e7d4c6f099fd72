import AWSCore
import DeviceDefender
import HTTPServer
import HTTPTypes
import JSON
import Store

/// Receives what EventBridge posts to an API destination (`POST /eventbridge`).
struct EventBridgeIntake: Sendable {
    let gate: EventBridgeGate
    /// The accounts and Regions that a bridge serves: those of its topics.
    let served: Set<Origin>
    let store: any Store
    let clock: @Sendable () -> Int64

    /// Answers an event by facts that decide whether EventBridge tries again: it does after 401 and 503, for a day.
    func receive(_ request: ServerRequest) async -> IntakeAnswer {
        switch await gate.verdict(on: request, now: clock()) {
        case .allowed: return await take(request.body)
        case .refused: return unauthorized
        case .unverifiable:
            return .unavailable(
                code: "token_keys_unavailable",
                message:
                    "The keys of eventBridge.oauth.jwksURL cannot be had just now. Check that this machine reaches it."
            )
        case .overLimit:
            return .unavailable(
                code: "too_many_failures",
                message: "Too many requests with missing or wrong credentials came from this address. Wait a minute.")
        }
    }

    private func take(_ body: [UInt8]) async -> IntakeAnswer {
        let event: EventBridgeEvent
        do {
            event = try EventBridgeEvent(posted: JSON(parsing: body))
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
            payload: body)
        return await IntakeAnswer.appending(delivery, to: store).saying([
            (LogKey.delivery, delivery.id), (LogKey.eventID, event.id),
            (LogKey.account, event.origin.account.digits), (LogKey.region, event.origin.region.name),
        ])
    }

    private var unauthorized: IntakeAnswer {
        // RFC 9110, section 15.5.2: a 401 names how to authenticate.
        IntakeAnswer.refused(
            .unauthorized, code: "unauthorized",
            message: "The credentials are missing or wrong. Give the connection of the API destination those of "
                + "eventBridge.apiKey, eventBridge.basic or eventBridge.oauth."
        ).with(.wwwAuthenticate, gate.challenge)
    }
}

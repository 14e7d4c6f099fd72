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
    ///
    /// - Parameter reserve: whether the queue has room for so many deliveries.
    func receive(_ request: ServerRequest, reserve: (Int) -> Bool) async -> IntakeAnswer {
        switch await gate.verdict(on: request, now: clock()) {
        case .allowed: return await take(request.body, reserve)
        case .refused: return unauthorized
        // Only the log says which: a stranger learns nothing.
        case .invalidClaim(let claim): return unauthorized.naming(claim: claim)
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

    private func take(_ body: [UInt8], _ reserve: (Int) -> Bool) async -> IntakeAnswer {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: body)
        } catch {
            return .refused(.badRequest, code: "malformed_json", message: "The event is not JSON: \(error).")
        }
        do throws(PostedEvents.Problem) {
            return await store(try PostedEvents(json, body: body, served: served, now: clock()), reserve)
        } catch {
            return .refusing(error)
        }
    }

    private func store(_ events: PostedEvents, _ reserve: (Int) -> Bool) async -> IntakeAnswer {
        let rest: [IntakeAnswer.Part] = [
            IntakeAnswer.Part(outcome: "ignored", count: events.ignored),
            IntakeAnswer.Part(outcome: IntakeAnswer.notServed, count: events.notServed, isRefused: true),
        ].filter { $0.count > 0 }
        guard !events.deliveries.isEmpty else { return IntakeAnswer.accepted("ignored").of(rest) }
        guard reserve(events.deliveries.count) else { return .queueFull }
        return await IntakeAnswer.appending(events.deliveries, to: store, beside: rest).saying(
            zip(events.deliveries, events.eventIDs).map { delivery, id in
                [
                    (LogKey.delivery, delivery.id), (LogKey.account, delivery.origin.account.digits),
                    (LogKey.region, delivery.origin.region.name),
                ] + (id.map { [(LogKey.eventID, $0)] } ?? [])
            })
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

extension IntakeAnswer {
    /// The response to a request of which no event is stored.
    fileprivate static func refusing(_ problem: PostedEvents.Problem) -> IntakeAnswer {
        switch problem {
        case .tooMany(let count):
            refused(
                .contentTooLarge, code: "too_many_events",
                message: "The request has \(count) events. Set the batch size to \(PostedEvents.limit) at most.")
        case .unreadable(let reason):
            refused(.badRequest, code: "malformed_event", message: "The event is not understood: \(reason).")
        case .notServed:
            refused(
                .forbidden, code: notServed,
                message: "Account and Region of the event have no topic in sns.topics. Add one, or mend the rule.")
        }
    }
}

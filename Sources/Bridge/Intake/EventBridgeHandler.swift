import AWSCore
import DeviceDefender
import ErrorCodes
import HTTPServer
import HTTPTypes
import JSON
import Store

/// Receives what EventBridge posts to an API destination (`POST /eventbridge`).
struct EventBridgeHandler: Sendable {
    let gate: EventBridgeAuthenticator
    /// The accounts and Regions that a bridge serves: those of its topics.
    let served: Set<AccountRegion>
    let store: any Store
    let clock: @Sendable () -> Int64

    /// Answers an event by facts that decide whether EventBridge tries again: it does after 401 and 503, for a day.
    ///
    /// - Parameter reserve: whether the queue has room for so many deliveries.
    func receive(_ request: ServerRequest, reserve: (Int) -> Bool) async -> IntakeResult {
        switch await gate.decision(on: request, now: clock()) {
        case .allowed: return await take(request.body, reserve)
        case .rejected: return unauthorized
        // Only the log says which: a stranger learns nothing.
        case .invalidClaim(let claim): return unauthorized.naming(claim: claim)
        case .unverifiable:
            return .unavailable(
                code: .tokenKeysUnavailable,
                message:
                    "The keys of eventBridge.oauth.jwksURL cannot be had just now. Check that this machine reaches it."
            )
        case .overLimit:
            return .unavailable(
                code: .tooManyFailures,
                message: "Too many requests with missing or wrong credentials came from this address. Wait a minute.")
        }
    }

    private func take(_ body: [UInt8], _ reserve: (Int) -> Bool) async -> IntakeResult {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: body)
        } catch {
            return .rejected(.badRequest, code: .malformedJSON, message: "The event is not JSON: \(error).")
        }
        do throws(PostedEvents.Problem) {
            return await store(try PostedEvents(json, body: body, served: served, now: clock()), reserve)
        } catch {
            return .rejecting(error)
        }
    }

    private func store(_ events: PostedEvents, _ reserve: (Int) -> Bool) async -> IntakeResult {
        let rest: [IntakeResult.Part] = [
            IntakeResult.Part(outcome: "ignored", count: events.ignored),
            IntakeResult.Part(
                outcome: ErrorCode.accountRegionNotServed.rawValue, count: events.notServed, isRejected: true),
        ].filter { $0.count > 0 }
        guard !events.deliveries.isEmpty else { return IntakeResult.accepted("ignored").of(rest) }
        guard reserve(events.deliveries.count) else { return .queueFull }
        return await IntakeResult.appending(events.deliveries, to: store, alongside: rest).saying(
            zip(events.deliveries, events.eventIDs).map { delivery, id in
                [
                    (LogMetadataKey.delivery, delivery.id),
                    (LogMetadataKey.account, delivery.accountRegion.account.digits),
                    (LogMetadataKey.region, delivery.accountRegion.region.name),
                ] + (id.map { [(LogMetadataKey.eventID, $0)] } ?? [])
            })
    }

    private var unauthorized: IntakeResult {
        // RFC 9110, section 15.5.2: a 401 names how to authenticate.
        IntakeResult.rejected(
            .unauthorized, code: .unauthorized,
            message: "The credentials are missing or wrong. Give the connection of the API destination those of "
                + "eventBridge.apiKey, eventBridge.basic or eventBridge.oauth."
        ).with(.wwwAuthenticate, gate.challenge)
    }
}

extension IntakeResult {
    /// The response to a request of which no event is stored.
    fileprivate static func rejecting(_ problem: PostedEvents.Problem) -> IntakeResult {
        switch problem {
        case .tooMany(let count):
            rejected(
                .contentTooLarge, code: .tooManyEvents,
                message: "The request has \(count) events. Set the batch size to \(PostedEvents.limit) at most.")
        case .unreadable(let reason):
            rejected(.badRequest, code: .malformedEvent, message: "The event is not understood: \(reason).")
        case .notServed:
            rejected(
                .forbidden, code: .accountRegionNotServed,
                message: "Account and Region of the event have no topic in sns.topics. Add one, or mend the rule.")
        }
    }
}

package import AWSCore
import DeviceDefender
import ErrorCodes
package import HTTPServer
import HTTPTypes
import JSON
package import Store
import Telemetry

/// Handles requests of EventBridge API destinations (`POST /eventbridge`).
package struct EventBridgeHandler: Sendable {
    package let authenticator: EventBridgeAuthenticator
    /// The accounts and Regions that the bridge serves: those of its topics.
    package let served: Set<AccountRegion>
    package let store: any DeliveryQueue
    package let clock: @Sendable () -> Int64

    /// Handles a request. The status decides whether EventBridge retries: it retries after 401 and 503, for a day.
    ///
    /// - Parameter reserve: reserves capacity in the queue for a number of deliveries; returns false if there is not enough.
    package func receive(_ request: ServerRequest, reserve: (Int) -> Bool) async -> IntakeResult {
        switch await authenticator.decision(on: request, now: clock()) {
        case .allowed: return await accept(request.body, reserve)
        case .rejected: return unauthorized
        // Only the log names the claim, so that a client without credentials learns nothing.
        case .invalidClaim(let claim): return unauthorized.withClaim(claim)
        case .unverifiable:
            return .unavailable(
                code: .tokenKeysUnavailable,
                message:
                    "Cannot verify the token: fetching the keys of eventBridge.oauth.jwksURL failed. Allow HTTPS from this machine to it."
            )
        case .overLimit:
            return .unavailable(
                code: .tooManyFailures,
                message:
                    "Rate limit exceeded: too many requests with missing or wrong credentials from this address. Wait a minute."
            )
        }
    }

    private func accept(_ body: [UInt8], _ reserve: (Int) -> Bool) async -> IntakeResult {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: body)
        } catch {
            return .rejected(
                .badRequest, code: .malformedJSON, message: "Malformed JSON: \(error). Send an EventBridge event.")
        }
        do throws(PostedEventsError) {
            return await store(try PostedEvents(json, body: body, served: served, now: clock()), reserve)
        } catch {
            return IntakeResult(error)
        }
    }

    private func store(_ events: PostedEvents, _ reserve: (Int) -> Bool) async -> IntakeResult {
        let rest: [IntakeResult.Part] = [
            IntakeResult.Part(outcome: "ignored", count: events.ignored),
            IntakeResult.Part(
                outcome: ErrorCode.accountRegionNotServed.rawValue, count: events.notServed, isRejected: true),
        ].filter { $0.count > 0 }
        guard !events.deliveries.isEmpty else { return IntakeResult.accepted("ignored").withParts(rest) }
        guard reserve(events.deliveries.count) else { return .queueFull }
        return await IntakeResult.storing(events.deliveries, in: store, alongside: rest).withLogMetadata(
            zip(events.deliveries, events.eventIDs).map { delivery, id in
                [
                    (LogMetadataKey.delivery.rawValue, delivery.id),
                    (LogMetadataKey.account.rawValue, delivery.accountRegion.account.digits),
                    (LogMetadataKey.region.rawValue, delivery.accountRegion.region.name),
                ] + (id.map { [(LogMetadataKey.eventID.rawValue, $0)] } ?? [])
            })
    }

    private var unauthorized: IntakeResult {
        // RFC 9110, section 15.5.2: a 401 response must carry WWW-Authenticate.
        IntakeResult.rejected(
            .unauthorized, code: .unauthorized,
            message:
                "Unauthorized: credentials are missing or wrong. Update the connection of the API destination to match "
                + "eventBridge.apiKey, eventBridge.basic or eventBridge.oauth."
        ).withHeader(.wwwAuthenticate, authenticator.challenge)
    }

    package init(
        authenticator: EventBridgeAuthenticator, served: Set<AccountRegion>, store: any DeliveryQueue,
        clock: @escaping @Sendable () -> Int64
    ) {
        self.authenticator = authenticator
        self.served = served
        self.store = store
        self.clock = clock
    }
}

extension IntakeResult {
    /// The result for a request that is rejected as a whole.
    fileprivate init(_ error: PostedEventsError) {
        self =
            switch error {
            case .tooMany(let count):
                .rejected(
                    .contentTooLarge, code: .tooManyEvents,
                    message:
                        "Too many events: the request has \(count). Set the batch size to \(PostedEvents.limit) or less."
                )
            case .unreadable(let reason):
                .rejected(
                    .badRequest, code: .malformedEvent, message: "Malformed event: \(reason). Send the whole event.")
            case .notServed:
                .rejected(
                    .forbidden, code: .accountRegionNotServed,
                    message:
                        "Account and Region not served: sns.topics has no topic of theirs. Add one, or narrow the rule's event pattern."
                )
            }
    }
}

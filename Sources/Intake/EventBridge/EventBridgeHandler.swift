package import AWSCore
package import Encoding
import ErrorCodes
package import HTTPServer
import JSON
import SourceMapping
package import Store

/// Handles requests of EventBridge API destinations (`POST /eventbridge`).
package struct EventBridgeHandler: Sendable {
    /// Authenticates requests.
    package let authenticator: EventBridgeAuthenticator
    /// What decides whose events are accepted.
    private let routing: PostedEvents.Routing
    /// Where deliveries are stored.
    package let store: any DeliveryQueue
    /// Returns the present time.
    package let clock: @Sendable () -> Timestamp

    /// Handles a request. EventBridge retries after 401 and 503, for a day.
    ///
    /// - Parameter reserve: reserves capacity in the queue for a number of deliveries; returns false if there is not enough.
    package func receive(_ request: ServerRequest, reserve: (Int) -> Bool) async -> IntakeResult {
        switch await authenticator.decision(on: request, now: clock()) {
        case .allowed: return await accept(request.body, reserve)
        case .rejected: return unauthorized(claim: nil)
        // Only the log names the claim, so that a client without credentials learns nothing.
        case .invalidClaim(let claim): return unauthorized(claim: claim)
        case .unverifiable: return .deferred(.tokenKeysUnavailable)
        case .overLimit: return .deferred(.tooManyFailures)
        }
    }

    private func accept(_ body: [UInt8], _ reserve: (Int) -> Bool) async -> IntakeResult {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: body)
        } catch {
            return .rejected(
                IntakeError(code: .malformedJSON, message: "Malformed JSON: \(error). Send an EventBridge event."),
                .malformed)
        }
        do throws(PostedEventsError) {
            return await store(try PostedEvents(json, body: body, routing, now: clock()), reserve)
        } catch {
            return IntakeResult(error)
        }
    }

    private func store(_ events: PostedEvents, _ reserve: (Int) -> Bool) async -> IntakeResult {
        guard !events.deliveries.isEmpty else {
            return .accepted(
                AcceptedDeliveries(
                    ignored: events.ignored.count, ignoredTypes: events.ignored, notServed: events.notServed))
        }
        guard reserve(events.deliveries.count) else { return .deferred(.queueFull) }
        guard events.itemCounts.allSatisfy({ $0.source.allows($0.count) }) else { return .deferred(.rateLimited) }
        return await store.accept(
            zip(events.deliveries, events.eventIDs).map { ($0, $1) }, ignored: events.ignored,
            notServed: events.notServed)
    }

    private func unauthorized(claim: String?) -> IntakeResult {
        .rejected(.unauthorized, .unauthorized(challenge: authenticator.challenge, claim: claim))
    }

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - served: the accounts and Regions whose events of Device Defender are accepted: those of `sns.topics`.
    ///   - sources: the mapped sources with events, in the order in which they are tried.
    ///   - clock: returns the present time.
    package init(
        authenticator: EventBridgeAuthenticator, served: Set<AccountRegion>, sources: [EventSource] = [],
        store: any DeliveryQueue, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.authenticator = authenticator
        routing = PostedEvents.Routing(served: served, sources: sources)
        self.store = store
        self.clock = clock
    }
}

extension IntakeError {
    fileprivate static let unauthorized = IntakeError(
        code: .unauthorized,
        message:
            "Unauthorized: credentials are missing or wrong. Update the connection of the API destination to match "
            + "eventBridge.apiKey, eventBridge.basic or eventBridge.oauth.")

    fileprivate static let tokenKeysUnavailable = IntakeError(
        code: .tokenKeysUnavailable,
        message:
            "Cannot verify the token: fetching the keys of eventBridge.oauth.jwksURL failed. Allow HTTPS from this machine to it."
    )
}

extension IntakeResult {
    /// The result for a request that is rejected as a whole.
    fileprivate init(_ error: PostedEventsError) {
        switch error {
        case .tooMany(let count):
            self = .rejected(
                IntakeError(
                    code: .tooManyEvents,
                    message:
                        "Too many events: the request has \(count). Set the batch size to \(PostedEvents.limit) or less."
                ), .tooLarge)
        case .tooManyItems:
            self = .rejected(
                IntakeError(
                    code: .tooManyItems,
                    message: "Too many items: the events have more than \(Mapping.maximumItems). Reduce the batch size."
                ),
                .tooLarge)
        case .unreadable(let reason):
            self = .rejected(
                IntakeError(code: .malformedEvent, message: "Malformed event: \(reason). Send the whole event."),
                .malformed)
        case .notServed:
            self = .rejected(
                IntakeError(
                    code: .accountRegionNotServed,
                    message:
                        "Account and Region not served: sns.topics has no topic of theirs. Add one, or narrow the rule's event pattern."
                ), .forbidden)
        }
    }
}

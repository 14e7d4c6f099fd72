import AWSCore
import Cryptography
import DeviceDefender
import Encoding
import JSON
import Store

/// Why a request of EventBridge is rejected as a whole.
enum PostedEventsError: Error, Hashable {
    /// There are more than ``PostedEvents/limit`` events.
    case tooMany(Int)
    /// No event can be parsed; the value says why the first one cannot.
    case unreadable(String)
    /// No event belongs to an account and Region that are served.
    case notServed
}

/// The events of one request of EventBridge, by what the bridge does with them: store, ignore or drop.
///
/// An API destination posts one event, a custom event bus an array. Each stored event is a delivery of its own, with the same id
/// whether it came alone or in an array.
struct PostedEvents: Sendable {
    /// The most events in a request.
    static let limit = 100

    /// The deliveries to store, in order. An event that cannot be parsed is among them and becomes a dead letter.
    private(set) var deliveries: [Delivery] = []
    /// The event id of each delivery; nil for an event without one.
    private(set) var eventIDs: [String?] = []
    /// The number of events that change nothing.
    private(set) var ignored = 0
    /// The number of events that are dropped: their account and Region are not served, or cannot be determined.
    private(set) var notServed = 0

    /// Sorts the events of a request.
    ///
    /// - Parameters:
    ///   - json: the request's content.
    ///   - body: its bytes: the payload of a single event, unchanged.
    ///   - served: the accounts and Regions whose events are accepted.
    ///   - now: the time.
    /// - Throws: ``PostedEventsError``.
    init(_ json: JSON, body: [UInt8], served: Set<AccountRegion>, now: Timestamp) throws(PostedEventsError) {
        let elements = json.array ?? [json]
        guard elements.count <= Self.limit else { throw .tooMany(elements.count) }
        guard !elements.isEmpty else { return }
        let events = elements.map { Event($0, body: json.array == nil ? body : nil) }
        let readable = events.compactMap(\.accountRegion)
        if readable.isEmpty, let reason = events.compactMap(\.parseError).first { throw .unreadable(reason) }
        // The account and Region of an event that cannot be parsed and does not state its own.
        let neighbor = readable.first(where: served.contains)
        for event in events {
            if let accountRegion = event.accountRegion, served.contains(accountRegion), event.isIgnored {
                ignored += 1
            } else if let accountRegion = event.destination(served: served, else: neighbor) {
                deliveries.append(
                    Delivery(
                        id: event.deliveryID, accountRegion: accountRegion, channel: .eventBridge, receivedAt: now,
                        payload: event.payload))
                eventIDs.append(event.id)
            } else {
                notServed += 1
            }
        }
        guard !deliveries.isEmpty || ignored > 0 else { throw .notServed }
    }

    /// One of the events.
    private struct Event {
        let payload: [UInt8]
        let id: String?
        /// The account and Region; nil if the event cannot be parsed.
        let accountRegion: AccountRegion?
        /// Why the event cannot be parsed; nil if it can.
        let parseError: String?
        let isIgnored: Bool
        private let stated: AccountRegion?
        private let json: JSON

        init(_ posted: JSON, body: [UInt8]?) {
            json = EventBridgeEvent.unwrapped(posted)
            payload = json == posted ? body ?? json.serialized() : json.serialized()
            id = EventBridgeEvent.id(of: posted)
            stated = EventBridgeEvent.accountRegion(of: json)
            do throws(UnrecognizedMessageError) {
                let event = try EventBridgeEvent(json)
                (accountRegion, parseError) = (event.accountRegion, nil)
                if case .ignored = event.change { isIgnored = true } else { isIgnored = false }
            } catch {
                (accountRegion, parseError, isIgnored) = (nil, error.reason, false)
            }
        }

        /// The account and Region that the event is stored under; nil if it is dropped.
        func destination(served: Set<AccountRegion>, else neighbor: AccountRegion?) -> AccountRegion? {
            if let accountRegion { return served.contains(accountRegion) ? accountRegion : nil }
            if let stated, served.contains(stated) { return stated }
            return neighbor
        }

        /// The delivery's id: from the event's id or, if that is missing or not visible ASCII, from a digest of the event.
        var deliveryID: String {
            if let id, id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { return "eventbridge:\(id)" }
            return "eventbridge:sha256-\(Digest.hexadecimal(Digest.sha256(json.serialized())))"
        }
    }
}

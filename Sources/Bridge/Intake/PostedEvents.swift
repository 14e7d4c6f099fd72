import AWSCore
import Cryptography
import DeviceDefender
import JSON
import Store

/// The events of one request of EventBridge, sorted by what becomes of them. A pure value.
///
/// An API destination posts one event, a custom event bus an array of them. Each event that is stored is a delivery of its
/// own, with the same id whether it came alone or in an array.
struct PostedEvents: Sendable {
    /// The most events in a request.
    static let limit = 100

    /// Why a request is rejected as a whole.
    enum Problem: Error, Hashable {
        /// There are more than ``limit`` events.
        case tooMany(Int)
        /// No event can be read; why the first one cannot.
        case unreadable(String)
        /// Every event is of an account and Region that are not served.
        case notServed
    }

    /// The deliveries to store, in order. An event that cannot be read is among them, and becomes a dead letter.
    private(set) var deliveries: [Delivery] = []
    /// The ids of the events that the deliveries hold; nil where an event has none.
    private(set) var eventIDs: [String?] = []
    /// How many events change nothing.
    private(set) var ignored = 0
    /// How many events are of accounts and Regions that are not served, or cannot be read and belong nowhere.
    private(set) var notServed = 0

    /// - Parameters:
    ///   - json: the request's content.
    ///   - body: its bytes, kept for a single event as they came.
    ///   - served: the accounts and Regions whose events are taken.
    ///   - now: milliseconds since 1970.
    /// - Throws: ``Problem``.
    init(_ json: JSON, body: [UInt8], served: Set<AccountRegion>, now: Int64) throws(Problem) {
        let elements = json.array ?? [json]
        guard elements.count <= Self.limit else { throw .tooMany(elements.count) }
        guard !elements.isEmpty else { return }
        let events = elements.map { Event($0, body: json.array == nil ? body : nil) }
        let readable = events.compactMap(\.accountRegion)
        if readable.isEmpty, let reason = events.compactMap(\.fault).first { throw .unreadable(reason) }
        // Where an event that cannot be read belongs if it does not say so itself.
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
        /// The account and Region of an event that can be read.
        let accountRegion: AccountRegion?
        /// Why it cannot be read; nil if it can.
        let fault: String?
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
                (accountRegion, fault) = (event.accountRegion, nil)
                if case .ignored = event.change { isIgnored = true } else { isIgnored = false }
            } catch {
                (accountRegion, fault, isIgnored) = (nil, error.reason, false)
            }
        }

        /// Under which account and Region it is stored; nil if under none.
        func destination(served: Set<AccountRegion>, else neighbor: AccountRegion?) -> AccountRegion? {
            if let accountRegion { return served.contains(accountRegion) ? accountRegion : nil }
            if let stated, served.contains(stated) { return stated }
            return neighbor
        }

        /// By the event's id or, where there is none that can be a part of a delivery's id, by the event itself.
        var deliveryID: String {
            if let id, id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { return "eventbridge:\(id)" }
            return "eventbridge:sha256-\(Digest.hexadecimal(Digest.sha256(json.serialized())))"
        }
    }
}

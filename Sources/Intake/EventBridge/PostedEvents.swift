import AWSCore
import Encoding
import JSON
import SourceMapping
import Store

/// Why a request of EventBridge is rejected as a whole.
enum PostedEventsError: Error, Hashable {
    /// There are more than ``PostedEvents/limit`` events.
    case tooMany(Int)
    /// There are more than ``Mapping/maximumItems`` items.
    case tooManyItems
    /// No event can be parsed; the value says why the first one cannot.
    case unreadable(String)
    /// No event belongs to an account and Region that are served.
    case notServed
}

/// The events of one request of EventBridge, by what the bridge does with them: store, ignore or drop.
///
/// An API destination posts one event, a custom event bus an array. Each stored event is a delivery of its own, or several if it
/// is a mapped source's and has several items. Its ids are the same whether it came alone or in an array.
struct PostedEvents: Sendable {
    /// The most events in a request.
    static let limit = 100

    /// What decides whose events are accepted.
    struct Routing: Sendable {
        /// The accounts and Regions whose events of Device Defender are accepted.
        let served: Set<AccountRegion>
        /// The mapped sources with events, in the order in which they are tried. Device Defender is tried first.
        let sources: [EventSource]
    }

    /// The deliveries to store, in order. An event that cannot be parsed is among them and becomes a dead letter.
    private(set) var deliveries: [Delivery] = []
    /// The event id of each delivery; nil for an event without one.
    private(set) var eventIDs: [String?] = []
    /// The number of items by mapped source, in the order of the sources.
    private(set) var itemCounts: [(source: MappedSource, count: Int)] = []
    /// The detail types of events that change nothing; nil for an event without one.
    private(set) var ignored: [String?] = []
    /// The number of events that are dropped: their account and Region are not served, or cannot be determined.
    private(set) var notServed = 0

    /// Sorts the events of a request.
    ///
    /// - Parameters:
    ///   - json: the request's content.
    ///   - body: its bytes: the payload of a single event, unchanged.
    ///   - now: the time.
    /// - Throws: ``PostedEventsError``.
    init(_ json: JSON, body: [UInt8], _ routing: Routing, now: Timestamp) throws(PostedEventsError) {
        let elements = json.array ?? [json]
        guard elements.count <= Self.limit else { throw .tooMany(elements.count) }
        guard !elements.isEmpty else { return }
        let events = elements.map { PostedEvent($0, body: json.array == nil ? body : nil) }
        let owners = events.map { $0.owner(among: routing.sources) }
        // The account and Region of an event that cannot be parsed and does not state its own.
        let readable = events.compactMap(\.accountRegion)
        let neighbor = readable.first(where: routing.served.contains)
        if readable.isEmpty, !owners.contains(where: \.isSource), let reason = events.compactMap(\.parseError).first {
            throw .unreadable(reason)
        }
        for (event, owner) in zip(events, owners) {
            switch owner {
            case .source(let source, let accountRegion): add(event, of: source, in: accountRegion, now: now)
            case .notServed: notServed += 1
            case .deviceDefender: add(event, served: routing.served, else: neighbor, now: now)
            }
            guard itemCounts.reduce(0, { $0 + $1.count }) <= Mapping.maximumItems else { throw .tooManyItems }
        }
        guard !deliveries.isEmpty || !ignored.isEmpty else { throw .notServed }
    }

    private mutating func add(
        _ event: PostedEvent, of source: MappedSource, in accountRegion: AccountRegion, now: Timestamp
    ) {
        let items = SourceItems(ofMessage: event.payload, source.mapping)
        deliveries += source.deliveries(of: items, in: accountRegion, by: .eventBridge, at: now) {
            MappedSource.itemID(event.deliveryID, index: $0)
        }
        eventIDs += items.payloads.map { _ in event.id }
        if items.payloads.isEmpty { ignored.append(event.detailType) }
        if let index = itemCounts.firstIndex(where: { $0.source.name == source.name }) {
            itemCounts[index].count += items.payloads.count
        } else {
            itemCounts.append((source, items.payloads.count))
        }
    }

    private mutating func add(
        _ event: PostedEvent, served: Set<AccountRegion>, else neighbor: AccountRegion?, now: Timestamp
    ) {
        if let accountRegion = event.accountRegion, served.contains(accountRegion), event.isIgnored {
            ignored.append(event.detailType)
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
}

package import AWSCore
import DeviceDefender
package import Store

/// The deliveries of an accepted request.
package struct AcceptedDeliveries: Sendable {
    /// A request's deliveries as a whole.
    package enum Outcome: String, Sendable, CaseIterable {
        /// At least one delivery is new in the queue.
        case stored
        /// All deliveries were known before.
        case duplicate
        /// The request has nothing that the bridge acts on.
        case ignored
    }

    /// The deliveries that are in the queue, new or not.
    package let queued: [QueuedDelivery]
    /// The number of events and messages that change nothing and are not stored.
    package let ignored: Int
    /// The detail types of the ignored events of EventBridge; nil for an event without one.
    package let ignoredTypes: [String?]
    /// The number of events that are dropped: their account and Region are not served.
    package let notServed: Int

    /// Creates the deliveries of a request.
    package init(
        queued: [QueuedDelivery] = [], ignored: Int = 0, ignoredTypes: [String?] = [], notServed: Int = 0
    ) {
        self.queued = queued
        self.ignored = ignored
        self.ignoredTypes = ignoredTypes
        self.notServed = notServed
    }

    /// The number of deliveries that are new in the queue.
    package var stored: Int { queued.count(where: \.isNew) }

    /// The outcome of the request.
    package var outcome: Outcome { queued.isEmpty ? .ignored : stored > 0 ? .stored : .duplicate }

    /// The topic of a new delivery whose message is not Device Defender's; otherwise nil.
    package var unrelatedTopic: ARN? {
        for queued in queued where queued.isNew {
            if let topic = queued.delivery.topic, !DeviceDefenderMessage.isNamed(in: queued.delivery.payload) {
                return topic
            }
        }
        return nil
    }
}

/// A delivery that is in the queue.
package struct QueuedDelivery: Sendable {
    /// The delivery.
    package let delivery: Delivery
    /// The sender's own id: of the SNS message or the EventBridge event; nil if an event has none.
    package let senderID: String?
    /// Whether it was stored by this request, and is not a duplicate.
    package let isNew: Bool

    /// The outcome of this delivery.
    package var outcome: AcceptedDeliveries.Outcome { isNew ? .stored : .duplicate }

    /// Creates a delivery that is in the queue.
    package init(_ delivery: Delivery, senderID: String?, isNew: Bool) {
        self.delivery = delivery
        self.senderID = senderID
        self.isNew = isNew
    }
}

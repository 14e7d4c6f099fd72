package import AWSCore
package import Encoding

/// A unit of work in the queue: an SNS notification, an EventBridge event or an item of a webhook as received and not yet
/// decoded, or an internal task.
package struct Delivery: Sendable, Hashable {
    /// How a delivery arrived. Stored in the column `source`.
    package enum Channel: String, Sendable, Hashable, CaseIterable {
        /// Amazon SNS, by an HTTPS subscription.
        case sns
        /// Amazon EventBridge, by an API destination.
        case eventBridge
        /// A webhook of a mapped source.
        case webhook
        /// The bridge itself: a task became due.
        case schedule
        /// The bridge itself: catch-up found a missed event.
        case catchUp

        /// The name for operators: `sns`, `eventBridge`, `webhook`, or `internal` for the channels of the bridge itself.
        package var name: String {
            switch self {
            case .sns, .eventBridge, .webhook: rawValue
            case .schedule, .catchUp: "internal"
            }
        }

        /// The channels with a name; empty if there are none.
        package static func named(_ name: String) -> [Self] { allCases.filter { $0.name == name } }
    }

    /// The sender's id, prefixed with the channel, for example `sns:22b80b92-…`: 1 to 256 visible ASCII characters. A
    /// sender that retries uses the same id, so duplicates are detected by it.
    package let id: String
    /// The account-Region.
    package let accountRegion: AccountRegion
    /// The name of the mapped source that it is an item of: 1 to 64 lowercase ASCII letters, digits and dashes; nil for
    /// Device Defender.
    package let source: String?
    /// How it arrived.
    package let channel: Channel
    /// The SNS topic by which it arrived; nil for other channels, for mapped sources and for completed deliveries.
    package let topic: ARN?
    /// When it arrived. It can be leased from then on.
    package let receivedAt: Timestamp
    /// The bytes as received. The caller limits their number.
    package let payload: [UInt8]

    /// Creates a delivery. The id is validated when it is appended.
    package init(
        id: String, accountRegion: AccountRegion, source: String? = nil, channel: Channel, topic: ARN? = nil,
        receivedAt: Timestamp, payload: [UInt8]
    ) {
        self.id = id
        self.accountRegion = accountRegion
        self.source = source
        self.channel = channel
        self.topic = topic
        self.receivedAt = receivedAt
        self.payload = payload
    }

    /// The lane that it waits in.
    package var lane: DeliveryLane { DeliveryLane(accountRegion, source: source) }

    /// The name of the share of dead letters that it counts for, see ``DeadLetterShare``: its mapped source or its topic.
    /// Stored in the column `topic`.
    package var share: String { source ?? topic?.description ?? "" }
}

/// The result of appending a delivery.
package enum AppendResult: Sendable, Hashable {
    /// It is stored durably in the queue.
    case stored
    /// A delivery with this id is already known: pending, leased, completed or dead-lettered. Nothing was changed.
    case duplicate

    /// The lanes of the stored deliveries, as the tables name them.
    package static func storedLanes(of deliveries: [Delivery], _ outcomes: [AppendResult]) -> Set<String> {
        Set(zip(deliveries, outcomes).filter { $0.1 == .stored }.map(\.0.lane.stored))
    }
}

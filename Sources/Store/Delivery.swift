public import AWSCore

/// What is to be worked on: an SNS notification or an EventBridge event that a sender gave us, not yet decoded, something whose
/// time has come, or something that the bridge found out by asking.
public struct Delivery: Sendable, Hashable {
    /// How a delivery arrived, as the store's column `source` keeps it.
    public enum Channel: String, Sendable, Hashable, CaseIterable {
        /// Amazon SNS, to an HTTPS subscription.
        case sns
        /// Amazon EventBridge, to an API destination.
        case eventBridge
        /// The bridge itself, when something is due.
        case schedule
        /// The bridge itself, when catch-up found what no delivery had reported.
        case catchUp

        /// The word for operators: `sns`, `eventBridge`, or `internal` for both kinds that the bridge itself makes.
        public var name: String {
            switch self {
            case .sns, .eventBridge: rawValue
            case .schedule, .catchUp: "internal"
            }
        }

        /// The channels of a name; empty if there are none.
        public static func named(_ name: String) -> Set<Self> { Set(allCases.filter { $0.name == name }) }
    }

    /// The sender's own id behind the source's name, for example `sns:22b80b92-…`: 1 to 256 visible ASCII characters.
    /// A sender that tries again uses the same one, so that it serves to find duplicates.
    public let id: String
    /// The account and Region that it is about.
    public let accountRegion: AccountRegion
    /// How it arrived.
    public let channel: Channel
    /// The SNS topic that it came by; nil for other channels, and once it is completed.
    public let topic: ARN?
    /// When it came in, in milliseconds since 1970. It may be leased from then on.
    public let receivedAt: Int64
    /// The bytes to be worked on, as they came. The caller bounds their number.
    public let payload: [UInt8]

    /// Makes a delivery; whether the id is well formed is checked when it is appended.
    public init(
        id: String, accountRegion: AccountRegion, channel: Channel, topic: ARN? = nil, receivedAt: Int64,
        payload: [UInt8]
    ) {
        self.id = id
        self.accountRegion = accountRegion
        self.channel = channel
        self.topic = topic
        self.receivedAt = receivedAt
        self.payload = payload
    }
}

/// What became of an appended delivery.
public enum AppendResult: Sendable, Hashable {
    /// It is in the queue, durably.
    case stored
    /// A delivery with this id is known already: pending, leased, completed or dead. Nothing was changed.
    case duplicate

    /// The origins of those deliveries that were stored, in the form of the tables.
    static func storedAccountRegions(of deliveries: [Delivery], _ outcomes: [AppendResult]) -> Set<String> {
        Set(zip(deliveries, outcomes).filter { $0.1 == .stored }.map(\.0.accountRegion.stored))
    }
}

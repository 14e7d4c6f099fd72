public import AWSCore
public import Encoding

/// Conditions on dead letters. A dead letter matches if it meets every condition that is not nil.
public struct DeadLetterFilter: Sendable, Hashable {
    /// The account.
    public var account: AccountID?
    /// The Region.
    public var region: Region?
    /// Any of these channels.
    public var channels: Set<Delivery.Channel>?
    /// A substring of the reason, without NUL; ASCII case is ignored.
    public var reason: String?
    /// Dead-lettered at this time or later.
    public var failedSince: Timestamp?
    /// Dead-lettered before this time.
    public var failedBefore: Timestamp?

    /// Matches every dead letter.
    public static let all = DeadLetterFilter()

    /// Creates a value.
    public init(
        account: AccountID? = nil, region: Region? = nil, channels: Set<Delivery.Channel>? = nil, reason: String? = nil,
        failedSince: Timestamp? = nil, failedBefore: Timestamp? = nil
    ) {
        self.account = account
        self.region = region
        self.channels = channels
        self.reason = reason
        self.failedSince = failedSince
        self.failedBefore = failedBefore
    }

    /// The stored words of the channels, each surrounded by spaces, as the statements match them.
    package var storedChannels: String? {
        channels.map { " " + $0.map(\.rawValue).sorted().joined(separator: " ") + " " }
    }
}

public import AWSCore

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
    /// Dead-lettered at this time or later, in milliseconds since 1970.
    public var failedSince: Int64?
    /// Dead-lettered before this time, in milliseconds since 1970.
    public var failedBefore: Int64?

    /// Matches every dead letter.
    public static let all = DeadLetterFilter()

    /// Creates a value.
    public init(
        account: AccountID? = nil, region: Region? = nil, channels: Set<Delivery.Channel>? = nil, reason: String? = nil,
        failedSince: Int64? = nil, failedBefore: Int64? = nil
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

    /// The exclusive lower bound of the page that follows a dead letter.
    package func start(after last: DeadLetter?) -> (time: Int64, id: String) {
        let since = failedSince ?? .min
        guard let last, last.lastFailedAt >= since else {
            // No id is empty, so every dead letter of the first time follows.
            return (since, "")
        }
        return (last.lastFailedAt, last.delivery.id)
    }
}

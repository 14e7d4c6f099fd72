public import AWSCore

/// Which dead letters are asked for: those that meet every condition that is not nil.
public struct DeadLetterFilter: Sendable, Hashable {
    /// The account that it is about.
    public var account: AccountID?
    /// The Region that it is about.
    public var region: Region?
    /// How it arrived: by any of these.
    public var channels: Set<Delivery.Channel>?
    /// A text within the reason, without NUL; small and capital letters of ASCII are the same.
    public var reason: String?
    /// It was given up at this time or later, in milliseconds since 1970.
    public var failedSince: Int64?
    /// It was given up before this time, in milliseconds since 1970.
    public var failedBefore: Int64?

    /// All dead letters.
    public static let all = DeadLetterFilter()

    /// Puts the conditions together.
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

    /// The words of the channels, each between spaces, as statements look for them.
    var storedChannels: String? { channels.map { " " + $0.map(\.rawValue).sorted().joined(separator: " ") + " " } }

    /// Behind which time and id the page after a dead letter begins.
    func start(after last: DeadLetter?) -> (time: Int64, id: String) {
        let since = failedSince ?? .min
        guard let last, last.lastFailedAt >= since else {
            // No id is empty: whatever failed at the first time is behind it.
            return (since, "")
        }
        return (last.lastFailedAt, last.delivery.id)
    }
}

package import AWSCore
package import Encoding

/// Conditions on dead letters. A dead letter matches if it meets every condition that is not nil.
package struct DeadLetterFilter: Sendable, Hashable {
    /// The account.
    package var account: AccountID?
    /// The Region.
    package var region: Region?
    /// The name of the mapped source.
    package var source: String?
    /// Any of these channels.
    package var channels: Set<Delivery.Channel>?
    /// A substring of the reason, without NUL; ASCII case is ignored.
    package var reason: String?
    /// Dead-lettered at this time or later.
    package var failedSince: Timestamp?
    /// Dead-lettered before this time.
    package var failedBefore: Timestamp?

    /// Matches every dead letter.
    package static let all = DeadLetterFilter()

    /// Creates a value.
    package init(
        account: AccountID? = nil, region: Region? = nil, source: String? = nil,
        channels: Set<Delivery.Channel>? = nil, reason: String? = nil, failedSince: Timestamp? = nil,
        failedBefore: Timestamp? = nil
    ) {
        self.account = account
        self.region = region
        self.source = source
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

/// The account and Region that something comes from: a finding belongs to the Security Hub of both.
public struct AccountRegion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The account.
    public let account: AccountID
    /// The Region.
    public let region: Region

    /// Makes an origin.
    public init(account: AccountID, region: Region) {
        self.account = account
        self.region = region
    }

    /// The partition of the Region.
    public var partition: Partition { region.partition }

    /// Account and Region with a slash between.
    public var description: String { account.digits + "/" + region.name }

    /// By account, then by Region.
    public static func < (left: AccountRegion, right: AccountRegion) -> Bool {
        (left.account, left.region) < (right.account, right.region)
    }
}

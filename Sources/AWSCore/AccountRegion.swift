/// An AWS account and Region: what a delivery and its findings belong to.
public struct AccountRegion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The account.
    public let account: AccountID
    /// The Region.
    public let region: Region

    /// Makes a pair of account and Region.
    public init(account: AccountID, region: Region) {
        self.account = account
        self.region = region
    }

    /// The AWS partition of the Region.
    public var partition: Partition { region.partition }

    /// Account and Region, separated by a slash.
    public var description: String { account.digits + "/" + region.name }

    /// Orders by account, then by Region.
    public static func < (left: AccountRegion, right: AccountRegion) -> Bool {
        (left.account, left.region) < (right.account, right.region)
    }
}

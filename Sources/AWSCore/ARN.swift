/// An Amazon Resource Name with a Region and an account, for example
/// `arn:aws:sns:us-east-1:111122223333:device-defender-detect`.
public struct ARN: Sendable, Hashable, CustomStringConvertible {
    /// The AWS partition; always that of the Region.
    public let partition: Partition
    /// The service, for example `sns`.
    public let service: String
    /// The account and Region.
    public let accountRegion: AccountRegion
    /// The part after the fifth colon; not empty.
    public let resource: String
    /// The ARN as AWS writes it.
    public let description: String

    /// The maximum length, in bytes.
    public static let maximumLength = 2048

    /// Parses an ARN; nil unless its partition, Region and account are valid and consistent.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        var parts: [String] = []
        parts.reserveCapacity(6)
        var start = text.startIndex
        while parts.count < 5, let colon = text.utf8[start...].firstIndex(of: UInt8(ascii: ":")) {
            parts.append(String(text[start..<colon]))
            start = text.utf8.index(after: colon)
        }
        parts.append(String(text[start...]))
        // Comparing non-ASCII strings may take quadratic time.
        guard parts.count == 6, parts[..<5].allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }), parts[0] == "arn",
            let partition = Partition(rawValue: parts[1]),
            !parts[2].isEmpty, let region = Region(parts[3]), region.partition == partition,
            let account = AccountID(parts[4]), !parts[5].isEmpty
        else { return nil }
        self.init(service: parts[2], accountRegion: AccountRegion(account: account, region: region), resource: parts[5])
    }

    /// Makes an ARN from its parts.
    public init(service: String, accountRegion: AccountRegion, resource: String) {
        self.partition = accountRegion.partition
        self.service = service
        self.accountRegion = accountRegion
        self.resource = resource
        let (region, account) = (accountRegion.region.name, accountRegion.account.digits)
        description = "arn:\(partition.rawValue):\(service):\(region):\(account):\(resource)"
    }
}

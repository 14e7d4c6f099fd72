public import AWSCore

/// An entry of `sns.topics`: the ARN of a topic, with `*` for any name or for each of `sns.accounts`. After an equals sign, it
/// may name the account whose findings the topic carries, or `*` for each of `sns.accounts` (a central topic).
///
/// For example `arn:aws:sns:us-east-1:111122223333:device-defender`, `arn:aws:sns:us-east-1:*:device-defender`,
/// `arn:aws:sns:us-east-1:111122223333:fleet=444455556666` or `arn:aws:sns:us-east-1:111122223333:audits=*`.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    /// The entry as configured.
    public let description: String
    private let region: Region
    /// nil for each of `sns.accounts`.
    private let account: AccountID?
    /// nil for any name.
    private let name: String?
    private let carried: Carried

    /// The accounts whose findings the topics carry.
    private enum Carried: Hashable {
        /// The topic's own account.
        case own
        case account(AccountID)
        /// Each of `sns.accounts`; every audit states its account.
        case allAccounts
    }

    /// Parses an entry; nil if it is malformed.
    public init?(_ text: String) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        var parts = halves[0].split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        let (isAnyAccount, isAnyName) = (parts[4] == "*", parts[5] == "*")
        // Valid placeholders, so that the rest is validated as an ARN.
        if isAnyAccount { parts[4] = "000000000000" }
        if isAnyName { parts[5] = "name" }
        guard let topic = ARN(parts.joined(separator: ":")), topic.isTopic else { return nil }
        switch halves.count == 2 ? halves[1] : nil {
        case nil: carried = .own
        case "*": carried = .allAccounts
        case let digits?:
            guard let account = AccountID(digits) else { return nil }
            carried = .account(account)
        }
        description = text
        region = topic.accountRegion.region
        account = isAnyAccount ? nil : topic.accountRegion.account
        name = isAnyName ? nil : topic.resource
    }

    /// Whether the entry is for each of `sns.accounts`.
    var isForAnyAccount: Bool { account == nil }

    /// Whether the entry is for any name.
    public var isForAnyName: Bool { name == nil }

    /// Whether the topics are central: they carry the findings of each of `sns.accounts`.
    var isCentral: Bool { carried == .allAccounts }

    /// Whether a topic matches the entry.
    func matches(_ topic: ARN, accounts: Set<AccountID>) -> Bool {
        topic.isTopic && topic.accountRegion.region == region && (name.map { $0 == topic.resource } ?? true)
            && (account.map { $0 == topic.accountRegion.account } ?? accounts.contains(topic.accountRegion.account))
    }

    /// The account and Region whose findings a matching topic carries. For a central topic, those of messages that state no
    /// account: the topic's own.
    func accountRegion(of topic: ARN) -> AccountRegion {
        if case .account(let account) = carried { return AccountRegion(account: account, region: region) }
        return AccountRegion(account: topic.accountRegion.account, region: region)
    }

    /// All accounts and Regions whose findings matching topics can carry.
    func accountRegions(accounts: Set<AccountID>) -> Set<AccountRegion> {
        let own: Set<AccountID> =
            switch carried {
            case .own: account.map { [$0] } ?? accounts
            case .account(let account): [account]
            case .allAccounts: accounts
            }
        return Set(own.map { AccountRegion(account: $0, region: region) })
    }

    /// The topics that the entry names; empty if it is for any name.
    func namedTopics(accounts: Set<AccountID>) -> [ARN] {
        guard let name else { return [] }
        return (account.map { [$0] } ?? accounts).map {
            ARN(service: "sns", accountRegion: AccountRegion(account: $0, region: region), resource: name)
        }
    }

    /// Whether two entries match the same topics.
    func matchesSame(as other: TopicPattern) -> Bool {
        region == other.region && account == other.account && name == other.name
    }

    /// Whether a topic can match both entries.
    ///
    /// - Parameter accounts: the accounts that `*` stands for.
    public func overlaps(_ other: TopicPattern, accounts: Set<AccountID>) -> Bool {
        guard region == other.region, name == nil || other.name == nil || name == other.name else { return false }
        return switch (account, other.account) {
        case (let one?, let two?): one == two
        case (let one?, nil), (nil, let one?): accounts.contains(one)
        case (nil, nil): true
        }
    }
}

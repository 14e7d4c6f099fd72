import AWSCore

/// An entry of `sns.topics`: the ARN of a topic, in which `*` may stand for the name or for the account; and, after an
/// equals sign, the account whose findings its topics carry, if that is another one, or `*` for each of `sns.accounts`: a
/// central topic.
///
/// For example `arn:aws:sns:us-east-1:111122223333:device-defender`, `arn:aws:sns:us-east-1:*:device-defender`,
/// `arn:aws:sns:us-east-1:111122223333:fleet=444455556666` or `arn:aws:sns:us-east-1:111122223333:audits=*`.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    /// The entry as it was written.
    public let description: String
    private let region: Region
    /// nil for each of the accounts of `sns.accounts`.
    private let account: AccountID?
    /// nil for every name.
    private let name: String?
    private let carried: Carried

    /// Whose findings its topics carry.
    private enum Carried: Hashable {
        /// Those of the topic's own account.
        case own
        case account(AccountID)
        /// Those of all accounts of `sns.accounts`; each audit says of which.
        case allAccounts
    }

    /// Reads an entry; nil if it is none.
    public init?(_ text: String) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        var parts = halves[0].split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        let (isAnyAccount, isAnyName) = (parts[4] == "*", parts[5] == "*")
        // Something valid in their places, so that the rest is checked as any ARN is.
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

    /// Whether the account is that of any entry of `sns.accounts`.
    var isForAnyAccount: Bool { account == nil }

    /// Whether the name is any.
    public var isForAnyName: Bool { name == nil }

    /// Whether its topics carry the findings of all accounts of `sns.accounts`.
    var isCentral: Bool { carried == .allAccounts }

    /// Whether the entry is about a topic.
    func isAbout(_ topic: ARN, accounts: Set<AccountID>) -> Bool {
        topic.isTopic && topic.accountRegion.region == region && (name.map { $0 == topic.resource } ?? true)
            && (account.map { $0 == topic.accountRegion.account } ?? accounts.contains(topic.accountRegion.account))
    }

    /// The account and Region whose findings a topic carries that the entry is about. Of a central topic it is that of
    /// messages that do not say of which account they are: the topic's own.
    func accountRegion(of topic: ARN) -> AccountRegion {
        if case .account(let account) = carried { return AccountRegion(account: account, region: region) }
        return AccountRegion(account: topic.accountRegion.account, region: region)
    }

    /// Every account and Region whose findings its topics can carry.
    func accountRegions(accounts: Set<AccountID>) -> Set<AccountRegion> {
        let own: Set<AccountID> =
            switch carried {
            case .own: account.map { [$0] } ?? accounts
            case .account(let account): [account]
            case .allAccounts: accounts
            }
        return Set(own.map { AccountRegion(account: $0, region: region) })
    }

    /// The topics that it names; none if any name will do.
    func namedTopics(accounts: Set<AccountID>) -> [ARN] {
        guard let name else { return [] }
        return (account.map { [$0] } ?? accounts).map {
            ARN(service: "sns", accountRegion: AccountRegion(account: $0, region: region), resource: name)
        }
    }

    /// Whether two entries are about the same topics.
    func isAboutSame(as other: TopicPattern) -> Bool {
        region == other.region && account == other.account && name == other.name
    }
}

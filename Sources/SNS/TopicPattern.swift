import AWSCore

/// An entry of `sns.topics`: the ARN of a topic, in which `*` may stand for the name or for the account; and, after an
/// equals sign, the account whose findings its topics carry, if that is another one.
///
/// For example `arn:aws:sns:us-east-1:111122223333:device-defender`, `arn:aws:sns:us-east-1:*:device-defender` or
/// `arn:aws:sns:us-east-1:111122223333:fleet=444455556666`.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    /// The entry as it was written.
    public let description: String
    private let region: Region
    /// nil for each of the accounts of `sns.accounts`.
    private let account: AccountID?
    /// nil for every name.
    private let name: String?
    /// nil for the topic's own account.
    private let carried: AccountID?

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
        if halves.count == 2 {
            guard let account = AccountID(halves[1]) else { return nil }
            carried = account
        } else {
            carried = nil
        }
        description = text
        region = topic.origin.region
        account = isAnyAccount ? nil : topic.origin.account
        name = isAnyName ? nil : topic.resource
    }

    /// Whether the account is that of any entry of `sns.accounts`.
    var isForAnyAccount: Bool { account == nil }

    /// The account and Region whose findings a topic carries; nil if the entry is not about it.
    func origin(of topic: ARN, accounts: Set<AccountID>) -> Origin? {
        guard topic.isTopic, topic.origin.region == region, name.map({ $0 == topic.resource }) ?? true,
            account.map({ $0 == topic.origin.account }) ?? accounts.contains(topic.origin.account)
        else { return nil }
        return Origin(account: carried ?? topic.origin.account, region: region)
    }

    /// Every account and Region whose findings its topics can carry.
    func origins(accounts: Set<AccountID>) -> Set<Origin> {
        let accounts = carried.map { [$0] } ?? account.map { [$0] } ?? accounts
        return Set(accounts.map { Origin(account: $0, region: region) })
    }

    /// The topics that it names; none if any name will do.
    func namedTopics(accounts: Set<AccountID>) -> [ARN] {
        guard let name else { return [] }
        return (account.map { [$0] } ?? accounts).map {
            ARN(service: "sns", origin: Origin(account: $0, region: region), resource: name)
        }
    }

    /// Whether two entries are about the same topics.
    func isAboutSame(as other: TopicPattern) -> Bool {
        region == other.region && account == other.account && name == other.name
    }
}

public import AWSCore
import ErrorCodes

/// Why `sns.topics`, `sns.accounts` and `aws.regions` cannot be used together.
public enum TopicPolicyError: Error, Hashable {
    /// The entry is not the ARN of a topic.
    case invalidTopic(String)
    /// The entry matches the same topics as an earlier one.
    case repeated(String)
    /// The entry has `*` for the account or ends in `=*`, and there are no accounts.
    case missingAccounts(String)
    /// There are accounts, and no entry has `*` for the account or ends in `=*`.
    case unusedAccounts
    /// There are topics, and none of them is in the allowed Regions.
    case noTopicInRegions
}

/// The topics whose messages are accepted.
///
/// Any AWS account can make SNS deliver signed messages to this endpoint, so a valid signature does not identify the publisher.
public struct TopicPolicy: Sendable, Hashable {
    /// The entries, in order.
    public let patterns: [TopicPattern]
    /// All accounts and Regions whose findings are accepted.
    public let accountRegions: Set<AccountRegion>
    private let accounts: Set<AccountID>
    /// Nil for all Regions.
    private let regions: Set<Region>?

    /// Parses a list of topics; an empty one allows none.
    ///
    /// - Parameters:
    ///   - texts: entries in the form of ``TopicPattern``.
    ///   - accounts: the accounts that `*` stands for, and whose audits central topics carry.
    ///   - regions: the allowed Regions, whatever the entries say; nil for all.
    /// - Throws: ``TopicPolicyError`` for the first entry that cannot be used.
    public init(topics texts: [String], accounts: Set<AccountID> = [], regions: Set<Region>? = nil)
        throws(TopicPolicyError)
    {
        var patterns: [TopicPattern] = []
        for text in texts {
            guard let pattern = TopicPattern(text) else { throw .invalidTopic(text) }
            guard !patterns.contains(where: pattern.matchesSame) else { throw .repeated(text) }
            guard !pattern.usesAccounts || !accounts.isEmpty else { throw .missingAccounts(text) }
            patterns.append(pattern)
        }
        guard accounts.isEmpty || patterns.contains(where: \.usesAccounts) else { throw .unusedAccounts }
        self.patterns = patterns
        self.accounts = accounts
        self.regions = regions
        let carried: Set<AccountRegion> = patterns.reduce(into: []) {
            $0.formUnion($1.accountRegions(accounts: accounts))
        }
        accountRegions = carried.filter { regions?.contains($0.region) ?? true }
        guard !accountRegions.isEmpty || patterns.isEmpty else { throw .noTopicInRegions }
    }

    /// The topics that the entries name; entries for any name contribute none.
    public var namedTopics: [ARN] {
        patterns.flatMap { $0.namedTopics(accounts: accounts) }
            .filter { regions?.contains($0.accountRegion.region) ?? true }
            .sorted { $0.description < $1.description }
    }

    /// The account and Region whose findings a topic carries, by the first matching entry. For a central topic, the topic's own;
    /// see ``accountRegion(of:stating:)``.
    ///
    /// - Throws: ``SNSError`` with the code `topic_not_allowed` if no entry matches, `region_not_allowed` if its Region is not
    ///   allowed.
    public func accountRegion(of topic: ARN) throws(SNSError) -> AccountRegion {
        try pattern(of: topic).accountRegion(of: topic)
    }

    /// The entry by which the messages of a topic are accepted; nil if they are rejected.
    public func pattern(accepting topic: ARN) -> TopicPattern? { try? pattern(of: topic) }

    /// Whether the messages of a topic are accepted.
    public func allows(_ topic: ARN) -> Bool { (try? accountRegion(of: topic)) != nil }

    /// Whether a topic is central: its audits state their account.
    public func isCentral(_ topic: ARN) -> Bool { (try? pattern(of: topic))?.isCentral ?? false }

    /// The account and Region of a message of a central topic.
    ///
    /// - Parameter account: the account that an audit states in its signed text; nil for any other message, which belongs to the
    ///   topic's own account.
    /// - Throws: ``SNSError`` with the code `account_not_allowed` if the account is not in `sns.accounts`, and those of
    ///   ``accountRegion(of:)``.
    public func accountRegion(of topic: ARN, stating account: AccountID?) throws(SNSError) -> AccountRegion {
        let accountRegion = AccountRegion(
            account: account ?? topic.accountRegion.account, region: try accountRegion(of: topic).region)
        guard accounts.contains(accountRegion.account) else {
            throw .rejected(
                .accountNotAllowed,
                account == nil
                    ? "Account not allowed: a message on the central topic \(topic) states no account, and the topic's own account "
                        + "is not in sns.accounts. Only Device Defender's audits state an account."
                    : "Account not allowed: an audit on the central topic \(topic) is for account \(accountRegion.account), which is "
                        + "not in sns.accounts. If the account is yours, add it there.")
        }
        return accountRegion
    }

    private func pattern(of topic: ARN) throws(SNSError) -> TopicPattern {
        guard regions?.contains(topic.accountRegion.region) ?? true else {
            throw .rejected(
                .regionNotAllowed,
                "Region not allowed: the topic \(topic) is in a Region that is not in aws.regions. If the Region is yours, add it there."
            )
        }
        guard let pattern = patterns.first(where: { $0.matches(topic, accounts: accounts) }) else {
            throw .rejected(
                .topicNotAllowed,
                "Topic not allowed: \(topic) is not in sns.topics. If the topic is yours, add it there.")
        }
        return pattern
    }
}

extension TopicPattern {
    /// Whether the entry requires `sns.accounts`.
    fileprivate var usesAccounts: Bool { isForAnyAccount || isCentral }
}

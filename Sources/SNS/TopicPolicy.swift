public import AWSCore
import ErrorCodes

/// The topics whose messages are taken. Every AWS account can make SNS sign and deliver to this endpoint, so that a valid
/// signature alone says nothing about who published.
public struct TopicPolicy: Sendable, Hashable {
    /// Why topics cannot be used.
    public enum Problem: Error, Hashable {
        /// An entry is not the ARN of a topic.
        case invalidTopic(String)
        /// An entry says of the same topics as one before something else, or the same again.
        case repeated(String)
        /// An entry has `*` for the account or `=*` behind it, and there are no accounts.
        case missingAccounts(String)
        /// There are accounts, and no entry has `*` for the account or `=*` behind it.
        case unusedAccounts
        /// There are topics, and none of them is in one of the Regions.
        case noTopicInRegions
    }

    /// The entries, in order.
    public let patterns: [TopicPattern]
    /// Every account and Region whose findings may come.
    public let accountRegions: Set<AccountRegion>
    private let accounts: Set<AccountID>
    /// Nil for every Region.
    private let regions: Set<Region>?

    /// Reads a list of topics; an empty one allows none.
    ///
    /// - Parameters:
    ///   - texts: entries as ``TopicPattern`` has them.
    ///   - accounts: those that `*` stands for, and those whose audits central topics carry.
    ///   - regions: the only Regions whose messages are taken, whatever the entries say; nil for all.
    /// - Throws: ``Problem`` for the first entry that cannot be used.
    public init(topics texts: [String], accounts: Set<AccountID> = [], regions: Set<Region>? = nil) throws(Problem) {
        var patterns: [TopicPattern] = []
        for text in texts {
            guard let pattern = TopicPattern(text) else { throw .invalidTopic(text) }
            guard !patterns.contains(where: pattern.isAboutSame) else { throw .repeated(text) }
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

    /// The topics that the entries name, those aside of which any name will do.
    public var namedTopics: [ARN] {
        patterns.flatMap { $0.namedTopics(accounts: accounts) }
            .filter { regions?.contains($0.accountRegion.region) ?? true }
            .sorted { $0.description < $1.description }
    }

    /// The account and Region whose findings a topic carries, as the first entry says that is about it. Of a central topic
    /// it is the topic's own; see ``origin(of:stating:)``.
    ///
    /// - Throws: ``SNSError`` with the code `topic_not_allowed` if none is, `region_not_allowed` if its Region is none of
    ///   those that are taken.
    public func accountRegion(of topic: ARN) throws(SNSError) -> AccountRegion {
        try pattern(of: topic).accountRegion(of: topic)
    }

    /// Whether a topic is a central one, whose audits say of which account they are.
    public func isCentral(_ topic: ARN) -> Bool { (try? pattern(of: topic))?.isCentral ?? false }

    /// The account and Region of a message of a central topic.
    ///
    /// - Parameter account: that which an audit states in its signed text; nil for any other message, which is of the
    ///   topic's own account.
    /// - Throws: ``SNSError`` with the code `account_not_allowed` if the account is not one of `sns.accounts`, and those
    ///   of ``origin(of:)``.
    public func accountRegion(of topic: ARN, stating account: AccountID?) throws(SNSError) -> AccountRegion {
        let accountRegion = AccountRegion(
            account: account ?? topic.accountRegion.account, region: try accountRegion(of: topic).region)
        guard accounts.contains(accountRegion.account) else {
            throw .rejected(
                .accountNotAllowed,
                account == nil
                    ? "The message on the central topic \(topic) does not say of which account it is, and the topic's own "
                        + "account is not in sns.accounts. Only audits of Device Defender say it."
                    : "The audit on the central topic \(topic) is of account \(accountRegion.account), which is not in "
                        + "sns.accounts. Add it there if it is one of yours.")
        }
        return accountRegion
    }

    private func pattern(of topic: ARN) throws(SNSError) -> TopicPattern {
        guard regions?.contains(topic.accountRegion.region) ?? true else {
            throw .rejected(
                .regionNotAllowed,
                "The topic \(topic) is in a Region that is not in aws.regions. Add it there if it is one of yours.")
        }
        guard let pattern = patterns.first(where: { $0.isAbout(topic, accounts: accounts) }) else {
            throw .rejected(
                .topicNotAllowed, "The topic \(topic) is not in sns.topics. Add it there if it is one of yours.")
        }
        return pattern
    }
}

extension TopicPattern {
    /// Whether it means anything only with `sns.accounts`.
    fileprivate var usesAccounts: Bool { isForAnyAccount || isCentral }
}

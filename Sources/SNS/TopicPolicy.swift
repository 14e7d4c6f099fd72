public import AWSCore

/// The topics whose messages are taken. Every AWS account can make SNS sign and deliver to this endpoint, so that a valid
/// signature alone says nothing about who published.
public struct TopicPolicy: Sendable, Hashable {
    /// Why topics cannot be used.
    public enum Problem: Error, Hashable {
        /// An entry is not the ARN of a topic.
        case invalidTopic(String)
        /// An entry says of the same topics as one before something else, or the same again.
        case repeated(String)
        /// An entry has `*` for the account, and there are no accounts.
        case missingAccounts(String)
        /// There are accounts, and no entry has `*` for the account.
        case unusedAccounts
        /// There are topics, and none of them is in one of the Regions.
        case noTopicInRegions
    }

    /// The entries, in order.
    public let patterns: [TopicPattern]
    /// Every account and Region whose findings may come.
    public let origins: Set<Origin>
    private let accounts: Set<AccountID>
    /// Nil for every Region.
    private let regions: Set<Region>?

    /// Reads a list of topics; an empty one allows none.
    ///
    /// - Parameters:
    ///   - texts: entries as ``TopicPattern`` has them.
    ///   - accounts: those that `*` stands for.
    ///   - regions: the only Regions whose messages are taken, whatever the entries say; nil for all.
    /// - Throws: ``Problem`` for the first entry that cannot be used.
    public init(topics texts: [String], accounts: Set<AccountID> = [], regions: Set<Region>? = nil) throws(Problem) {
        var patterns: [TopicPattern] = []
        for text in texts {
            guard let pattern = TopicPattern(text) else { throw .invalidTopic(text) }
            guard !patterns.contains(where: pattern.isAboutSame) else { throw .repeated(text) }
            guard !pattern.isForAnyAccount || !accounts.isEmpty else { throw .missingAccounts(text) }
            patterns.append(pattern)
        }
        guard accounts.isEmpty || patterns.contains(where: \.isForAnyAccount) else { throw .unusedAccounts }
        self.patterns = patterns
        self.accounts = accounts
        self.regions = regions
        let carried: Set<Origin> = patterns.reduce(into: []) { $0.formUnion($1.origins(accounts: accounts)) }
        origins = carried.filter { regions?.contains($0.region) ?? true }
        guard !origins.isEmpty || patterns.isEmpty else { throw .noTopicInRegions }
    }

    /// The topics that the entries name, those aside of which any name will do.
    public var namedTopics: [ARN] {
        patterns.flatMap { $0.namedTopics(accounts: accounts) }
            .filter { regions?.contains($0.origin.region) ?? true }
            .sorted { $0.description < $1.description }
    }

    /// The account and Region whose findings a topic carries, as the first entry says that is about it.
    ///
    /// - Throws: ``SNSRefusal`` with the code `topic_not_allowed` if none is, `region_not_allowed` if its Region is none of
    ///   those that are taken.
    public func origin(of topic: ARN) throws(SNSRefusal) -> Origin {
        guard regions?.contains(topic.origin.region) ?? true else {
            throw .refused(
                "region_not_allowed",
                "The topic \(topic) is in a Region that is not in aws.regions. Add it there if it is one of yours.")
        }
        for pattern in patterns {
            if let origin = pattern.origin(of: topic, accounts: accounts) { return origin }
        }
        throw .refused(
            "topic_not_allowed", "The topic \(topic) is not in sns.topics. Add it there if it is one of yours.")
    }
}

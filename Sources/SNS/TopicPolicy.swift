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
    }

    /// The entries, in order.
    public let patterns: [TopicPattern]
    /// Every account and Region whose findings may come.
    public let origins: Set<Origin>
    private let accounts: Set<AccountID>

    /// Reads a list of topics; an empty one allows none.
    ///
    /// - Parameters:
    ///   - texts: entries as ``TopicPattern`` has them.
    ///   - accounts: those that `*` stands for.
    /// - Throws: ``Problem`` for the first entry that cannot be used.
    public init(topics texts: [String], accounts: Set<AccountID> = []) throws(Problem) {
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
        origins = patterns.reduce(into: []) { $0.formUnion($1.origins(accounts: accounts)) }
    }

    /// The account and Region whose findings a topic carries, as the first entry says that is about it.
    ///
    /// - Throws: ``SNSRefusal`` with the code `topic_not_allowed`, if none is.
    public func origin(of topic: ARN) throws(SNSRefusal) -> Origin {
        for pattern in patterns {
            if let origin = pattern.origin(of: topic, accounts: accounts) { return origin }
        }
        throw .refused(
            "topic_not_allowed", "The topic \(topic) is not in sns.topics. Add it there if it is one of yours.")
    }
}

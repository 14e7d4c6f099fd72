import AWSCore
import JSON
import SNS
import SourceMapping

extension SourcesReader {
    /// Reads `topics`; nil if there is a problem.
    mutating func readTopics(_ object: ObjectReader<SourceKey>) -> TopicPolicy? {
        let none = try? TopicPolicy(topics: [])
        guard object.has(.topics) else { return none }
        let example = "[\"arn:aws:sns:eu-central-1:111122223333:alarms\"]"
        guard let reader = object.optional(.topics, errors: &errors),
            let elements = reader.elements(limit: 1000, example: example, errors: &errors)
        else { return nil }
        let texts = elements.compactMap { topic($0) }
        guard texts.count == elements.count else { return nil }
        do throws(TopicPolicyError) {
            return try policy(texts)
        } catch {
            let problem: (text: String, fix: String) =
                switch error {
                case .invalidTopic(let text): ("invalid value \"\(text)\"", Self.topicFix)
                case .repeated(let text): ("duplicate entry \"\(text)\"", "Remove one of the two.")
                case .missingAccounts(let text):
                    ("\"\(text)\" uses *, and sns.accounts is not set", "List the accounts that * represents there.")
                case .unusedAccounts: ("no topic", "Add a topic.")
                case .noTopicInRegions: ("no topic in aws.regions", "Add the topics' Regions there.")
                }
            reader.add(problem.text, fix: problem.fix, to: &errors)
            return nil
        }
    }

    private static let topicFix =
        "Use the ARN of an SNS topic; * can replace the name or the account. Append =ACCOUNT if the topic carries another "
        + "account's findings."

    private mutating func topic(_ reader: TreeReader) -> String? {
        let example = "arn:aws:sns:eu-central-1:111122223333:alarms"
        guard let text = reader.text(example: example, errors: &errors) else { return nil }
        // Only Device Defender's audits state the account that they belong to.
        guard TopicPattern(text) != nil, !text.hasSuffix("=*") else {
            reader.add("invalid value \"\(text)\"", fix: Self.topicFix, to: &errors)
            return nil
        }
        return text
    }

    /// The policy of topics, with `sns.accounts` if they use it.
    private func policy(_ texts: [String]) throws(TopicPolicyError) -> TopicPolicy {
        do throws(TopicPolicyError) {
            return try TopicPolicy(topics: texts, regions: surroundings.regions)
        } catch .missingAccounts where !surroundings.accounts.isEmpty {
            return try TopicPolicy(topics: texts, accounts: surroundings.accounts, regions: surroundings.regions)
        }
    }

    /// Rejects topics whose messages `sns.topics` or an earlier source gets.
    mutating func checkTopics() {
        var owners = (surroundings.topics?.patterns ?? []).map { (name: "sns.topics", pattern: $0) }
        for (source, topics) in topics {
            let path = tree.path.member(source).member(SourceKey.topics.rawValue)
            for (index, pattern) in topics.patterns.enumerated() {
                let owner = owners.first { $0.pattern.overlaps(pattern, accounts: surroundings.accounts) }
                if let owner {
                    errors.add(
                        at: path.element(index), "the topic is in \(owner.name), too",
                        fix: "List each topic once, and name the topics where * includes it.")
                }
            }
            owners += topics.patterns.map { (name: "source \(source)", pattern: $0) }
        }
    }
}

import AWSCore
import ErrorCodes
import SNS
import Testing

@Suite("TopicPolicy")
struct TopicPolicyTests {
    private static let own = "arn:aws:sns:us-east-1:111122223333:"

    private static func accounts(_ digits: String...) throws -> Set<AccountID> {
        Set(try digits.map { try #require(AccountID($0)) })
    }

    /// The account and Region of a topic's findings; nil if it is rejected.
    private func accountRegion(_ topic: String, _ policy: TopicPolicy) throws -> String? {
        let arn = try #require(ARN(topic))
        do throws(SNSError) {
            return try policy.accountRegion(of: arn).description
        } catch {
            #expect(error.code.rawValue == "topic_not_allowed" && error.kind == .rejected)
            #expect(error.message.contains(topic))
            return nil
        }
    }

    @Test("only the listed topics are allowed, case-sensitively")
    func topics() throws {
        let policy = try TopicPolicy(topics: [Self.own + "detect", "arn:aws:sns:eu-west-1:111122223333:orders.fifo"])
        #expect(try accountRegion(Self.own + "detect", policy) == "111122223333/us-east-1")
        #expect(try accountRegion("arn:aws:sns:eu-west-1:111122223333:orders.fifo", policy) == "111122223333/eu-west-1")
        #expect(
            policy.accountRegions.map(\.description).sorted() == ["111122223333/eu-west-1", "111122223333/us-east-1"])
        for other in [
            Self.own + "detect2", Self.own + "Detect", Self.own + "*", "arn:aws:sns:us-east-1:999922223333:detect",
            "arn:aws:sns:us-west-1:111122223333:detect", "arn:aws:sqs:us-east-1:111122223333:detect",
        ] {
            #expect(try accountRegion(other, policy) == nil)
        }
        let none = try TopicPolicy(topics: [])
        #expect(try accountRegion(Self.own + "detect", none) == nil)
        #expect(none.accountRegions.isEmpty)
    }

    @Test("a topic in a Region that is not allowed is rejected with its own code")
    func regions() throws {
        let west = try #require(Region("eu-west-1"))
        let policy = try TopicPolicy(
            topics: [Self.own + "a", "arn:aws:sns:eu-west-1:111122223333:a"], regions: [west])
        #expect(policy.accountRegions.map(\.description) == ["111122223333/eu-west-1"])
        #expect(try accountRegion("arn:aws:sns:eu-west-1:111122223333:a", policy) == "111122223333/eu-west-1")
        let rejected = try #require(ARN(Self.own + "a"))
        let error = #expect(throws: SNSError.self) { try policy.accountRegion(of: rejected) }
        #expect(error?.code.rawValue == "region_not_allowed" && error?.kind == .rejected)
        #expect(throws: TopicPolicyError.noTopicInRegions) {
            try TopicPolicy(topics: [Self.own + "a"], regions: [west])
        }
    }

    @Test("an asterisk stands for any name or for the listed accounts, and for nothing else")
    func wildcards() throws {
        let names = try TopicPolicy(topics: [Self.own + "*"])
        #expect(try accountRegion(Self.own + "a", names) == "111122223333/us-east-1")
        #expect(try accountRegion(Self.own + "b.fifo", names) == "111122223333/us-east-1")
        for other in [
            "arn:aws:sns:us-east-1:444455556666:a", "arn:aws:sns:us-west-1:111122223333:a",
            "arn:aws:sqs:us-east-1:111122223333:a", Self.own + "a:11112222-3333",
        ] {
            #expect(try accountRegion(other, names) == nil)
        }
        let accounts = try TopicPolicy(
            topics: ["arn:aws:sns:us-east-1:*:a"], accounts: Self.accounts("111122223333", "444455556666"))
        #expect(try accountRegion(Self.own + "a", accounts) == "111122223333/us-east-1")
        #expect(try accountRegion("arn:aws:sns:us-east-1:444455556666:a", accounts) == "444455556666/us-east-1")
        #expect(try accountRegion("arn:aws:sns:us-east-1:777788889999:a", accounts) == nil)
        #expect(try accountRegion("arn:aws:sns:us-east-1:000000000000:a", accounts) == nil)
        #expect(try accountRegion(Self.own + "b", accounts) == nil)
        #expect(
            accounts.accountRegions.map(\.description).sorted() == ["111122223333/us-east-1", "444455556666/us-east-1"])
        let both = try TopicPolicy(topics: ["arn:aws-cn:sns:cn-north-1:*:*"], accounts: Self.accounts("444455556666"))
        #expect(try accountRegion("arn:aws-cn:sns:cn-north-1:444455556666:z", both) == "444455556666/cn-north-1")
        #expect(try accountRegion("arn:aws-cn:sns:cn-north-1:111122223333:z", both) == nil)
    }

    @Test("a topic carries the findings of the stated account in its own Region; the first entry applies")
    func carried() throws {
        let policy = try TopicPolicy(topics: [
            Self.own + "fleet=444455556666", Self.own + "*", "arn:aws:sns:eu-west-1:111122223333:*=777788889999",
        ])
        #expect(try accountRegion(Self.own + "fleet", policy) == "444455556666/us-east-1")
        #expect(try accountRegion(Self.own + "other", policy) == "111122223333/us-east-1")
        #expect(try accountRegion("arn:aws:sns:eu-west-1:111122223333:x", policy) == "777788889999/eu-west-1")
        #expect(try accountRegion("arn:aws:sns:us-east-1:444455556666:fleet", policy) == nil)
        #expect(
            policy.accountRegions.map(\.description).sorted() == [
                "111122223333/us-east-1", "444455556666/us-east-1", "777788889999/eu-west-1",
            ])
        #expect(policy.patterns.map(\.description).first == Self.own + "fleet=444455556666")
    }

    @Test(
        "a malformed entry is named in the error",
        arguments: [
            "", "*", "device-defender-detect", "arn:aws:sqs:us-east-1:111122223333:q", "arn:aws:sqs:us-east-1:*:*",
            " \(own)t", "\(own)t ", "\(own)t:11112222-3333", "\(own).fifo", "\(own)t*", "\(own)**",
            own + String(repeating: "t", count: 257), "arn:aws:sns:us-east-1:1111*:t", "arn:aws:sns:*:111122223333:t",
            "arn:*:sns:us-east-1:111122223333:t", "arn:aws:*:us-east-1:111122223333:t", "\(own)t=", "\(own)t=1",
            "\(own)t=**", "\(own)t=*=*", "\(own)t=444455556666=444455556666", "arn:aws-cn:sns:us-east-1:111122223333:t",
        ])
    func invalidTopic(text: String) throws {
        let error = try #require(throws: TopicPolicyError.self) {
            try TopicPolicy(topics: [Envelope.topic, text], accounts: Self.accounts("111122223333"))
        }
        #expect(error == .invalidTopic(text))
    }

    @Test("a central topic carries the audits of all listed accounts, each as it states, and nothing else")
    func central() throws {
        let accounts = try Self.accounts("444455556666", "777788889999")
        let policy = try TopicPolicy(topics: [Self.own + "audits=*", Self.own + "*"], accounts: accounts)
        let topic = try #require(ARN(Self.own + "audits"))
        #expect(policy.isCentral(topic))
        #expect(
            policy.accountRegions.map(\.description).sorted() == [
                "111122223333/us-east-1", "444455556666/us-east-1", "777788889999/us-east-1",
            ])
        #expect(policy.namedTopics == [topic])
        #expect(
            try policy.accountRegion(of: topic, stating: AccountID("444455556666")).description
                == "444455556666/us-east-1")
        for account in [AccountID("999922223333"), AccountID("111122223333"), nil] {
            let error = #expect(throws: SNSError.self) { try policy.accountRegion(of: topic, stating: account) }
            #expect(error?.code.rawValue == "account_not_allowed" && error?.kind == .rejected)
        }
        // A message that states no account belongs to the topic's own, if it is listed.
        let withOwn = try TopicPolicy(
            topics: [Self.own + "audits=*"], accounts: Self.accounts("111122223333", "444455556666"))
        #expect(try withOwn.accountRegion(of: topic, stating: nil).description == "111122223333/us-east-1")
        for other in [Self.own + "alarms", Self.own + "audits2"] {
            #expect(try !policy.isCentral(#require(ARN(other))))
        }
        #expect(try !policy.isCentral(#require(ARN("arn:aws:sns:eu-west-1:111122223333:audits"))))
        #expect(throws: TopicPolicyError.missingAccounts(Self.own + "audits=*")) {
            try TopicPolicy(topics: [Self.own + "audits=*"])
        }
    }

    @Test("repeated entries, unused accounts and missing accounts are rejected")
    func problems() throws {
        #expect(throws: TopicPolicyError.repeated(Self.own + "a=444455556666")) {
            try TopicPolicy(topics: [Self.own + "a", Self.own + "a=444455556666"])
        }
        #expect(throws: TopicPolicyError.missingAccounts("arn:aws:sns:us-east-1:*:a")) {
            try TopicPolicy(topics: ["arn:aws:sns:us-east-1:*:a"])
        }
        #expect(throws: TopicPolicyError.unusedAccounts) {
            try TopicPolicy(topics: [Self.own + "a"], accounts: Self.accounts("111122223333"))
        }
    }
}

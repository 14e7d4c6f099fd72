import AWSCore
import ErrorCodes
import JSON
import SNS
import Testing

@Suite("Confirming SNS subscriptions")
struct ConfirmationTests {
    private static let token = "2336412f37fb687f5d51e6e2425c464de257eb"
    private static let start = Envelope.host + "/?Action=ConfirmSubscription&TopicArn="

    @Test("the URL is on the host of the topic's Region, with percent-encoded parameters")
    func address() throws {
        let topic = try #require(ARN("arn:aws-cn:sns:cn-north-1:111122223333:a_b-c.fifo"))
        #expect(
            SNSMessage.confirmationURL(topic: topic, token: "aZ09-._~ &=%/?#é\n")
                == "https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription"
                + "&TopicArn=arn%3Aaws-cn%3Asns%3Acn-north-1%3A111122223333%3Aa_b-c.fifo"
                + "&Token=aZ09-._~%20%26%3D%25%2F%3F%23%C3%A9%0A&Version=2010-03-31")
    }

    @Test(
        "a matching SubscribeURL gives the bridge's own URL",
        arguments: [
            start + "\(Envelope.topic)&Token=\(token)",
            start + "\(Envelope.topic.replacing(":", with: "%3A"))&Token=\(token)&Version=2010-03-31",
            start + "\(Envelope.topic.replacing(":", with: "%3a"))&Token=\(token)",
            Envelope.host + "/?Token=\(token)&TopicArn=\(Envelope.topic)&Action=ConfirmSubscription",
        ])
    func agreeing(url: String) throws {
        let message = try Envelope(.subscriptionConfirmation).with("SubscribeURL", .string(url)).message()
        #expect(try message.confirmationURL() == SNSMessage.confirmationURL(topic: message.topic, token: Self.token))
    }

    @Test(
        "any other SubscribeURL is rejected",
        arguments: [
            "https://evil.example/?Action=ConfirmSubscription&TopicArn=\(Envelope.topic)&Token=\(token)",
            "http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=\(Envelope.topic)&Token=\(token)",
            "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=\(Envelope.topic)&Token=\(token)",
            "https://sns.us-east-1.amazonaws.com:443/?Action=ConfirmSubscription&TopicArn=\(Envelope.topic)&Token=\(token)",
            "https://sns.us-east-1.amazonaws.com@evil.example/?Action=ConfirmSubscription&TopicArn=\(Envelope.topic)"
                + "&Token=\(token)",
            "https://sns.us-east-1.amazonaws.com/x?Action=ConfirmSubscription&TopicArn=\(Envelope.topic)&Token=\(token)",
            "https://sns.us-east-1.amazonaws.com/", "https://sns.us-east-1.amazonaws.com/?",
            start + "\(Envelope.topic)x&Token=\(token)", start + "\(Envelope.topic)&Token=\(token)0",
            start + "\(Envelope.topic)", start + "\(Envelope.topic)&Token=\(token)&",
            start + "\(Envelope.topic)&Token=\(token)&Token=\(token)",
            start + "\(Envelope.topic)&Token=\(token)&Extra=1",
            start + "\(Envelope.topic)&Token=\(token)&Version=2011-01-01", start + "\(Envelope.topic)&Token=\(token)#x",
            start + "\(Envelope.topic)&Token=\(token)%", start + "\(Envelope.topic)&Token=\(token)%0",
            start + "\(Envelope.topic)&Token=\(token)%zz", start + "\(Envelope.topic)&Token",
            Envelope.host + "/?Action=DeleteTopic&TopicArn=\(Envelope.topic)&Token=\(token)",
            Envelope.host + "/?%41ction=ConfirmSubscription&TopicArn=\(Envelope.topic)&Token=\(token)",
        ])
    func disagreeing(url: String) throws {
        let message = try Envelope(.subscriptionConfirmation).with("SubscribeURL", .string(url)).message()
        let error = try #require(throws: SNSError.self) { try message.confirmationURL() }
        #expect(error.code.rawValue == "subscribe_url_refused")
        #expect(error.kind == .rejected)
    }

    @Test("a notification has no confirmation URL; an unsubscribe confirmation has one with its own token")
    func otherKinds() throws {
        #expect(try Envelope(.notification).message().confirmationURL() == nil)
        let end = try Envelope(.unsubscribeConfirmation).message()
        #expect(try end.confirmationURL() == SNSMessage.confirmationURL(topic: end.topic, token: Self.token))
        let other = try Envelope(.unsubscribeConfirmation).with("SubscribeURL", "https://evil.example/").message()
        #expect(throws: SNSError.self) { try other.confirmationURL() }
    }

    @Test("the AWS CLI command has topic, Region and token, quoted for a shell")
    func command() throws {
        let base = "aws sns confirm-subscription --region us-east-1 --topic-arn \(Envelope.topic) --token "
        let message = try Envelope(.subscriptionConfirmation).message()
        #expect(message.confirmationCommand == base + Self.token)
        let odd = try Envelope(.subscriptionConfirmation).with("Token", "a'; rm -rf $HOME #").message()
        #expect(odd.confirmationCommand == base + "'a'\\''; rm -rf $HOME #'")
        #expect(try Envelope(.notification).message().confirmationCommand == nil)
    }
}

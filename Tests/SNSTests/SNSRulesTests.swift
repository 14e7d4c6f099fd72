import AWSCore
import Encoding
import ErrorCodes
import SNS
import TestSupport
import Testing

@Suite("SNS rules")
struct SNSRulesTests {
    private let topic: ARN

    init() throws { topic = try #require(ARN(Envelope.topic)) }

    @Test(
        "certificate URLs of the topic's Region are accepted",
        arguments: [
            (
                "arn:aws:sns:us-east-1:111122223333:t",
                "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a0Z.pem"
            ),
            (
                "arn:aws:sns:ap-southeast-4:111122223333:t",
                "https://sns.ap-southeast-4.amazonaws.com/SimpleNotificationService-1.pem"
            ),
            (
                "arn:aws-cn:sns:cn-north-1:111122223333:t",
                "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem"
            ),
            (
                "arn:aws-us-gov:sns:us-gov-east-1:111122223333:t",
                "https://sns.us-gov-east-1.amazonaws.com/SimpleNotificationService-1.pem"
            ),
        ])
    func certificateURL(topic: String, url: String) throws {
        let topic = try #require(ARN(topic))
        let taken = try SigningCertificateURL(url, topic: topic)
        #expect(taken.description == url)
        #expect(taken.region == topic.accountRegion.region)
    }

    private static let file = "SimpleNotificationService-0123456789abcdef.pem"

    @Test(
        "any other certificate URL is rejected",
        arguments: [
            "", "/", "https://", file,
            "http://sns.us-east-1.amazonaws.com/\(file)",
            "HTTPS://sns.us-east-1.amazonaws.com/\(file)",
            "ftp://sns.us-east-1.amazonaws.com/\(file)",
            "//sns.us-east-1.amazonaws.com/\(file)",
            " https://sns.us-east-1.amazonaws.com/\(file)",
            "https://sns.us-east-1.amazonaws.com/\(file) ",
            "https://sns.us-east-1.amazonaws.com/\(file)\n",
            "https://sns.us-east-1.amazonaws.com/\(file)\0",
            "https://sns.us-east-1.amazonaws.com:443/\(file)",
            "https://sns.us-east-1.amazonaws.com:8443/\(file)",
            "https://sns.us-east-1.amazonaws.com:/\(file)",
            "https://sns.us-east-1.amazonaws.com./\(file)",
            "https://SNS.us-east-1.amazonaws.com/\(file)",
            "https://sns.US-EAST-1.amazonaws.com/\(file)",
            "https://user@sns.us-east-1.amazonaws.com/\(file)",
            "https://user:password@sns.us-east-1.amazonaws.com/\(file)",
            "https://sns.us-east-1.amazonaws.com@evil.example/\(file)",
            "https://evil.example#@sns.us-east-1.amazonaws.com/\(file)",
            "https://evil.example\\@sns.us-east-1.amazonaws.com/\(file)",
            "https://evil.example/https://sns.us-east-1.amazonaws.com/\(file)",
            "https://sns.us-east-1.amazonaws.com.evil.example/\(file)",
            "https://evil-sns.us-east-1.amazonaws.com/\(file)",
            "https://sns.us-east-1.amazonaws.com.cn/\(file)",
            "https://sns.us-east-1.evilamazonaws.com/\(file)",
            "https://sns.us-west-2.amazonaws.com/\(file)",
            "https://sns.s3-us-west-2.amazonaws.com/\(file)",
            "https://sns.s3-accelerate.amazonaws.com/\(file)",
            "https://sns.s3-external-1.amazonaws.com/\(file)",
            "https://sns.s3.us-east-1.amazonaws.com/\(file)",
            "https://s3.amazonaws.com/sns.us-east-1.amazonaws.com/\(file)",
            "https://sns.amazonaws.com/\(file)",
            "https://sqs.us-east-1.amazonaws.com/\(file)",
            "https://sns%2eus-east-1.amazonaws.com/\(file)",
            "https://sns.us-east-1.amazonaws.com%2f/\(file)",
            "https://sns。us-east-1.amazonaws.com/\(file)",
            "https://sns.us-east-1.amazonaws.com\\/\(file)",
            "https:\\\\sns.us-east-1.amazonaws.com\\\(file)",
            "https://sns.us-east-1.amazonaws.com\r\nHost: evil.example/\(file)",
            "https://sns.us-east-1.amazonaws.com//\(file)",
            "https://sns.us-east-1.amazonaws.com/../\(file)",
            "https://sns.us-east-1.amazonaws.com/x/\(file)",
            "https://sns.us-east-1.amazonaws.com/?\(file)",
            "https://sns.us-east-1.amazonaws.com/\(file)?x=1",
            "https://sns.us-east-1.amazonaws.com/\(file)#x",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a/../b.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a%2fb.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a\r\nb.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-é.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a?b.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a_b.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.PEM",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-pem",
            "https://sns.us-east-1.amazonaws.com/simplenotificationservice-a.pem",
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-\(String(repeating: "a", count: 129)).pem",
        ])
    func hostileCertificateURL(url: String) throws {
        let error = try #require(throws: SNSError.self) { try SigningCertificateURL(url, topic: topic) }
        #expect(error.code.rawValue == "signing_certificate_url_refused")
        #expect(error.kind == .rejected)
        #expect(!error.message.contains("evil"))
    }

    @Test(
        "every Region's signing name is that of AWS's table",
        arguments: [
            ("us-east-1", "sns.amazonaws.com"), ("eu-central-1", "sns.amazonaws.com"),
            ("xy-new-9", "sns.amazonaws.com"),
            ("cn-north-1", "sns-cn-north-1.amazonaws.com.cn"),
            ("cn-northwest-1", "sns-cn-northwest-1.amazonaws.com.cn"),
            ("cn-south-1", "sns.amazonaws.com.cn"),
            ("us-gov-west-1", "sns-us-gov-west-1.amazonaws.com"), ("us-gov-east-1", "sns-us-gov-west-1.amazonaws.com"),
            ("af-south-1", "sns-signing.af-south-1.amazonaws.com"),
            ("ap-east-1", "sns-signing.ap-east-1.amazonaws.com"),
            ("ap-east-2", "sns-signing.ap-east-2.amazonaws.com"), ("ap-south-1", "sns.amazonaws.com"),
            ("ap-south-2", "sns-signing.ap-south-2.amazonaws.com"), ("ap-southeast-2", "sns.amazonaws.com"),
            ("ap-southeast-3", "sns-signing.ap-southeast-3.amazonaws.com"),
            ("ap-southeast-7", "sns-signing.ap-southeast-7.amazonaws.com"),
            ("ca-central-1", "sns.amazonaws.com"), ("ca-west-1", "sns-signing.ca-west-1.amazonaws.com"),
            ("eu-central-2", "sns-signing.eu-central-2.amazonaws.com"),
            ("eu-south-1", "sns-signing.eu-south-1.amazonaws.com"),
            ("eu-south-2", "sns-signing.eu-south-2.amazonaws.com"),
            ("il-central-1", "sns-signing.il-central-1.amazonaws.com"),
            ("me-central-1", "sns-signing.me-central-1.amazonaws.com"),
            ("me-south-1", "sns-signing.me-south-1.amazonaws.com"),
            ("mx-central-1", "sns-signing.mx-central-1.amazonaws.com"),
        ])
    func commonName(region: String, name: String) throws {
        #expect(signingCommonNames(for: try #require(Region(region))).first == name)
    }

    @Test(
        "the signing name of sovereign and isolated Regions is that of AWS's own verifier",
        arguments: [
            ("eusc-de-east-1", "sns-signing.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "sns-us-iso-east-1.c2s.ic.gov"), ("us-isob-east-1", "sns-us-isob-east-1.sc2s.sgov.gov"),
            ("us-isof-east-1", "sns-signing.us-isof-east-1.csp.hci.ic.gov"),
            ("us-isof-south-1", "sns-signing.us-isof-south-1.csp.hci.ic.gov"),
            ("eu-isoe-west-1", "sns-signing.eu-isoe-west-1.cloud.adc-e.uk"), ("us-iso-west-1", "sns.c2s.ic.gov"),
        ])
    func sovereignCommonName(region: String, name: String) throws {
        #expect(signingCommonNames(for: try #require(Region(region))).first == name)
    }

    @Test(
        "a Region's own signing name is accepted, also for future Regions",
        arguments: [
            ("xx-moon-1", ["sns.amazonaws.com", "sns-signing.xx-moon-1.amazonaws.com"]),
            ("eusc-fr-north-1", ["sns.amazonaws.eu", "sns-signing.eusc-fr-north-1.amazonaws.eu"]),
            ("us-east-1", ["sns.amazonaws.com", "sns-signing.us-east-1.amazonaws.com"]),
            ("af-south-1", ["sns-signing.af-south-1.amazonaws.com"]),
        ])
    func unknownRegions(region: String, names: [String]) throws {
        #expect(signingCommonNames(for: try #require(Region(region))) == names)
    }

    @Test(
        "a timestamp is parsed to the millisecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1999-12-31T23:59:59.999Z", 946_684_799_999),
            ("2000-02-29T12:00:00.5Z", 951_825_600_500), ("2026-11-22T10:00:00.123Z", 1_795_341_600_123),
            ("2026-11-22T10:00:00.123999Z", 1_795_341_600_123), ("2024-02-29T00:00:00.12Z", 1_709_164_800_120),
            ("2100-03-01T00:00:00.000Z", 4_107_542_400_000), ("9999-12-31T23:59:59.999999999Z", 253_402_300_799_999),
        ] as [(String, Int64)])
    func timestamp(text: String, milliseconds: Int64) {
        #expect(SNSTimestamp.parse(text)?.milliseconds == milliseconds)
    }

    @Test(
        "any other form, and a date that does not exist, is rejected",
        arguments: [
            "", "Z", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22T10:00:00.123", "2026-11-22t10:00:00.123z",
            "2026-11-22 10:00:00.123Z", "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00,123Z",
            "2026-11-22T10:00:00.123+00:00",
            "2026-11-22T10:00:00.12aZ", "2026-11-22T24:00:00.000Z", "2026-11-22T10:60:00.000Z",
            "2026-11-22T10:00:60.000Z",
            "2026-00-22T10:00:00.000Z", "2026-13-22T10:00:00.000Z", "2026-11-00T10:00:00.000Z",
            "2026-11-31T10:00:00.000Z",
            "2025-02-29T10:00:00.000Z", "2100-02-29T10:00:00.000Z", "1969-12-31T23:59:59.999Z",
            "-026-11-22T10:00:00.000Z",
            "+026-11-22T10:00:00.000Z", "2026-1-022T10:00:00.000Z", " 2026-11-22T10:00:00.00Z",
            "2026-11-22T10:00:00.000ZZ",
            "2026-11-22T10:00:00.1234567890Z", "２026-11-22T10:00:00Z",
        ])
    func noTimestamp(text: String) {
        #expect(SNSTimestamp.parse(text) == nil)
    }

    @Test(
        "a message is accepted up to its maximum age and the allowed clock skew",
        arguments: [
            (0, nil), (3_600_000, nil), (3_900_000, nil), (3_900_001, "message_too_old"), (-300_000, nil),
            (-300_001, "message_from_future"),
        ] as [(Int64, String?)])
    func window(age: Int64, code: String?) {
        let rejection: SNSError?
        do throws(SNSError) {
            try SNSTimestamp.check(publishedAt: Envelope.now, now: Envelope.now + age, maximumAge: .seconds(3600))
            rejection = nil
        } catch {
            rejection = error
        }
        #expect(rejection?.code.rawValue == code)
    }

    @Test("the earliest and latest times do not overflow")
    func extremeTimes() {
        for (publishedAt, now) in [(Timestamp.earliest, .latest), (.latest, .earliest)] as [(Timestamp, Timestamp)] {
            #expect(throws: SNSError.self) {
                try SNSTimestamp.check(publishedAt: publishedAt, now: now, maximumAge: .seconds(3600))
            }
        }
        #expect(throws: Never.self) { try SNSTimestamp.check(publishedAt: 0, now: 1, maximumAge: .seconds(Int64.max)) }
    }
}

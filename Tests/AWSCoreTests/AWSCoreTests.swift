import AWSCore
import Encoding
import Testing

@Suite("ARNs and Regions")
struct AWSCoreTests {
    @Test("an ARN is parsed, and formatted unchanged")
    func arn() throws {
        let text = "arn:aws:sns:us-east-1:111122223333:a:b/c"
        let arn = try #require(ARN(text))
        #expect(arn.partition == .aws)
        #expect(arn.service == "sns")
        #expect(arn.accountRegion.region.name == "us-east-1")
        #expect(arn.accountRegion.account.digits == "111122223333")
        #expect(arn.resource == "a:b/c")
        #expect(arn.description == text)
    }

    @Test(
        "a malformed or inconsistent ARN is rejected",
        arguments: [
            "", "arn:aws:sns:us-east-1:111122223333", "arn:aws:sns:us-east-1:111122223333:",
            "arn:aws::us-east-1:111122223333:t",
            "arn:aws-cn:sns:us-east-1:111122223333:t", "arn:aws:sns:cn-north-1:111122223333:t",
            "arn:aws:sns::111122223333:t",
            "arn:aws:sns:us-east-1:11112222333:t", "arn:aws:sns:us-east-1:1111222233334:t",
            "arn:aws:sns:us-east-1:１１１１22223333:t",
            "arn:aws:sns:us-east-1.evil.com:111122223333:t", "arn:aws:sns:US-EAST-1:111122223333:t",
            "ARN:aws:sns:us-east-1:111122223333:t",
            "arn:aws:sns:us-east-1:111122223333:" + String(repeating: "t", count: 2048),
        ])
    func rejected(text: String) {
        #expect(ARN(text) == nil)
    }

    @Test("Saturating arithmetic returns the nearest value on overflow, and never traps")
    func saturation() {
        let ends: [Int64] = [.min, .min + 1, -1000, -1, 0, 1, 1000, .max - 1, .max]
        for left in ends {
            for right in ends {
                let wide = (Int128(left), Int128(right))
                for (result, exact) in [
                    (left.saturatingAdding(right), wide.0 + wide.1),
                    (left.saturatingSubtracting(right), wide.0 - wide.1),
                    (left.saturatingMultiplied(by: right), wide.0 * wide.1),
                    (left.saturatingDistance(to: right), abs(wide.0 - wide.1)),
                ] {
                    #expect(result == Int64(clamping: exact))
                }
            }
        }
        #expect(Duration.seconds(Int64.max).milliseconds == .max && Duration.seconds(Int64.min).milliseconds == .min)
        #expect(Duration.microseconds(1_999).milliseconds == 1 && Duration.seconds(-2).milliseconds == -2000)
        #expect(Int.max.saturatingAdding(1) == .max)
    }

    @Test("Monotonic time advances")
    func monotonicTime() {
        let first = MonotonicClock.elapsed()
        #expect(first >= .zero && MonotonicClock.elapsed() >= first)
    }

    @Test(
        "a Region's partition is derived from its name",
        arguments: [
            ("us-east-1", .aws), ("ap-southeast-7", .aws), ("cn-northwest-1", .awsCN), ("us-gov-west-1", .awsUSGov),
            ("us-iso-east-1", .awsISO), ("us-isob-west-1", .awsISOB), ("us-isof-south-1", .awsISOF),
            ("eu-isoe-west-1", .awsISOE), ("eusc-de-east-1", .awsEUSC), ("eu-west-1", .aws),
        ] as [(String, Partition)])
    func partitions(name: String, partition: Partition) {
        #expect(Region(name)?.partition == partition)
    }

    @Test(
        "malformed Region names are rejected",
        arguments: ["", "us", "us-east", "us-east-1-", "-us-1", "us--1", "us-east-one", "us east-1", "us-east-1/"])
    func rejectedRegions(name: String) {
        #expect(Region(name) == nil)
    }
}

import AWSCore
import Testing

@Suite("AWS names")
struct AWSCoreTests {
    @Test("an ARN is taken apart and written as it was")
    func arn() throws {
        let text = "arn:aws:sns:us-east-1:111122223333:a:b/c"
        let arn = try #require(ARN(text))
        #expect(arn.partition == .aws)
        #expect(arn.service == "sns")
        #expect(arn.origin.region.name == "us-east-1")
        #expect(arn.origin.account.digits == "111122223333")
        #expect(arn.resource == "a:b/c")
        #expect(arn.description == text)
    }

    @Test(
        "what is not an ARN, or contradicts itself, is refused",
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
    func refused(text: String) {
        #expect(ARN(text) == nil)
    }

    @Test(
        "a Region's partition follows from its name",
        arguments: [
            ("us-east-1", .aws), ("ap-southeast-7", .aws), ("cn-northwest-1", .awsCN), ("us-gov-west-1", .awsUSGov),
            ("us-iso-east-1", .awsISO), ("us-isob-west-1", .awsISOB), ("us-isof-south-1", .awsISOF),
            ("eu-isoe-west-1", .awsISOE), ("eusc-de-east-1", .awsEUSC), ("eu-west-1", .aws),
        ] as [(String, Partition)])
    func partitions(name: String, partition: Partition) {
        #expect(Region(name)?.partition == partition)
    }

    @Test(
        "names without the form of a Region are refused",
        arguments: ["", "us", "us-east", "us-east-1-", "-us-1", "us--1", "us-east-one", "us east-1", "us-east-1/"])
    func refusedRegions(name: String) {
        #expect(Region(name) == nil)
    }
}

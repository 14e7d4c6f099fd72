import AWSCore
import SecurityFindings
import Testing

@Suite struct ConsolePageTests {
    @Test(
        "A finding's console page is in its partition and filtered by its ID",
        arguments: [
            ("us-east-1", "console.aws.amazon.com"), ("cn-north-1", "console.amazonaws.cn"),
            ("us-gov-west-1", "console.amazonaws-us-gov.com"),
        ])
    func finding(region: String, host: String) throws {
        let accountRegion = AccountRegion(
            account: try #require(AccountID("111122223333")), region: try #require(Region(region)))
        #expect(
            ConsolePage.finding(id: "arn:a/b%20c", accountRegion: accountRegion)
                == "https://\(host)/securityhub/home?region=\(region)#/findings?search="
                + "Id%3D%255Coperator%255C%253AEQUALS%255C%253Aarn%253Aa%252Fb%252520c")
    }
}

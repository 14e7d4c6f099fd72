import AWSClient
import HTTPTypes
import JSON
import TestSupport
import Testing

/// Lookups of single findings and things, compared with the service models.
@Suite struct LookupTests {
    @Test("DescribeSecurityHubV2 succeeds if AWS Security Hub is enabled, and is not found otherwise")
    func securityHubV2() async throws {
        let aws = ScriptedAWS([
            ScriptedAWS.reply(200, #"{"HubV2Arn": "a"}"#),
            ScriptedAWS.reply(404, #"{"Message": "m", "Code": "ResourceNotFoundException"}"#),
            ScriptedAWS.reply(200, "{}"),
        ])
        let client = try client(aws)
        try await client.describeSecurityHubV2(region: region)
        #expect(aws.requests.first?.head.method == .get && aws.requests.first?.head.path == "/hubv2")
        #expect(try await failure { try await client.describeSecurityHubV2(region: region) }.kind == .notFound)
        #expect(try await failure { try await client.describeSecurityHubV2(region: region) }.kind == .other)
    }

    @Test("GetFindingsV2 looks up a finding by its ID")
    func findingsV2() async throws {
        let aws = ScriptedAWS([
            ScriptedAWS.reply(200, #"{"Findings": [{}]}"#), ScriptedAWS.reply(200, #"{"Findings": []}"#),
            ScriptedAWS.reply(200, "{}"),
        ])
        let client = try client(aws)
        #expect(try await client.securityHubV2Contains("a\"b", region: region))
        let request = try #require(aws.requests.first)
        #expect(request.head.method == .post && request.head.path == "/findingsv2")
        #expect(
            try JSON(parsing: request.body) == [
                "Filters": [
                    "CompositeFilters": [
                        [
                            "StringFilters": [
                                [
                                    "FieldName": "finding_info.uid",
                                    "Filter": ["Value": "a\"b", "Comparison": "EQUALS"],
                                ]
                            ]
                        ]
                    ]
                ], "MaxResults": 1,
            ])
        #expect(try await !client.securityHubV2Contains("a", region: region))
        #expect(try await failure { try await client.securityHubV2Contains("a", region: region) }.kind == .other)
    }

    @Test("DescribeThing returns the attributes of a thing, if its name is valid")
    func thing() async throws {
        let aws = ScriptedAWS([
            ScriptedAWS.reply(200, #"{"thingName": "a:b", "attributes": {"site": "Zug"}}"#),
            ScriptedAWS.reply(200, #"{"thingName": "a"}"#), ScriptedAWS.reply(200, "{}"),
        ])
        let client = try client(aws)
        #expect(try await client.thingAttributes(of: "a_b-1", region: region) == ["site": "Zug"])
        #expect(aws.requests.first?.head.method == .get && aws.requests.first?.head.path == "/things/a_b-1")
        #expect(try await client.thingAttributes(of: "a", region: region).isEmpty)
        #expect(try await failure { try await client.thingAttributes(of: "a", region: region) }.kind == .other)
        for name in ["", "..", "a:b", "a/b", "ä", String(repeating: "a", count: 129)] {
            #expect(try await failure { try await client.thingAttributes(of: name, region: region) }.kind == .invalid)
        }
        #expect(aws.requests.count == 3)
    }
}

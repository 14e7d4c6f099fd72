import AWSCore
import JSON
import Testing

@testable import LocalAWS

@Suite("Security Hub's model")
struct SecurityHubModelTests {
    private static let product = "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default"

    /// A minimal finding with changes; nil removes a member.
    private static func finding(_ id: String = "one", _ changes: [String: JSON?] = [:]) -> JSON {
        var members: JSON.Members = [
            "SchemaVersion": "2018-10-08", "Id": .string(id), "ProductArn": .string(product),
            "GeneratorId": "Fleet/Behavior", "AwsAccountId": "111122223333", "Types": ["Unusual Behaviors/IoT Device"],
            "CreatedAt": "2026-11-22T10:00:00Z", "UpdatedAt": "2026-11-22T10:00:00Z", "Severity": ["Label": "HIGH"],
            "Title": "Title", "Description": "Description", "Resources": [["Type": "Other", "Id": "pump-17"]],
        ]
        for (name, value) in changes { members[name] = value }
        return .object(members)
    }

    private static func model(_ findings: JSON...) throws -> SecurityHubModel {
        var model = SecurityHubModel(accountRegion: try .test())
        for finding in findings {
            let response = try model.importFindings(["Findings": [finding]], now: testTime)
            try #require(response["FailedCount"] == 0, "\(response)")
        }
        return model
    }

    private static func update(_ second: Int, _ changes: [String: JSON?] = [:]) -> JSON {
        finding("one", changes.merging(["UpdatedAt": .string("2026-11-22T10:00:0\(second)Z")]) { _, time in time })
    }

    // MARK: BatchImportFindings

    @Test("a new finding gets the members that Security Hub adds")
    func created() throws {
        let finding = try #require(try Self.model(Self.finding()).finding(id: "one"))
        #expect(finding["RecordState"] == "ACTIVE")
        #expect(finding["Workflow"] == ["Status": "NEW"])
        #expect(finding["Severity"] == ["Label": "HIGH", "Normalized": 70])
        #expect(finding["FindingProviderFields"]?["Severity"] == ["Label": "HIGH"])
        #expect(finding["FindingProviderFields"]?["Types"] == ["Unusual Behaviors/IoT Device"])
        #expect(finding["ProcessedAt"] == "2026-11-22T10:00:00.123Z")
        #expect(finding["Region"] == "us-east-1")
    }

    @Test("FindingProviderFields determine the finding's own members")
    func providerFields() throws {
        let fields: JSON = ["Severity": ["Label": "LOW", "Original": "low"], "Types": ["Effects/Data"]]
        let model = try Self.model(
            Self.finding("one", ["Severity": nil, "Types": nil, "FindingProviderFields": fields]))
        let finding = try #require(model.finding(id: "one"))
        #expect(finding["Severity"] == ["Label": "LOW", "Original": "low", "Normalized": 1])
        #expect(finding["Types"] == ["Effects/Data"])
    }

    @Test(
        "an invalid finding is rejected alone, with the path of the error",
        arguments: [
            ("Title", nil, "required property 'Title'"), ("Title", .string(String(repeating: "ü", count: 257)), "256"),
            ("Title", "  ", "data.Title should match pattern"), ("Title", 3, "data.Title should be string"),
            ("Description", .string(String(repeating: "x", count: 1025)), "1024"),
            ("SchemaVersion", "2018-10-07", "data.SchemaVersion"), ("Resources", [], "fewer than 1"),
            ("Resources", .array(Array(repeating: ["Type": "Other", "Id": "x"], count: 33)), "more than 32"),
            ("Resources", [["Type": "Other"]], "data.Resources[0] should have required property 'Id'"),
            ("Resources", [["Type": "Other", "Id": "x", "Details": ["AwsIotThing": [:]]]], "additional properties"),
            ("Severity", nil, "FindingProviderFields"), ("Severity", ["Label": "URGENT"], "data.Severity.Label"),
            ("Types", nil, "FindingProviderFields"), ("Types", ["a/b/c/d"], "data.Types[0]"),
            ("Types", .array(Array(repeating: "Effects", count: 51)), "more than 50"),
            ("UpdatedAt", "2026-11-22", "data.UpdatedAt"), ("CreatedAt", "2026-02-30T00:00:00Z", "data.CreatedAt"),
            ("AwsAccountId", "1234", "data.AwsAccountId"), ("AwsAccountId", "444455556666", "AwsAccountId"),
            ("Id", .string(String(repeating: "x", count: 513)), "512"), ("Whatever", "x", "additional properties"),
            ("ProductFields", ["key": 3], "should be string"),
            ("RecordState", "DELETED", "data.RecordState"), ("Compliance", ["Status": "BAD"], "data.Compliance.Status"),
            ("Confidence", 101, "data.Confidence"),
            ("Remediation", ["Recommendation": ["Text": .string(String(repeating: "x", count: 513))]], "512"),
            ("Malware", .string(String(repeating: "x", count: 245_760)), "240 KB"),
        ] as [(String, JSON?, String)])
    func rejected(name: String, value: JSON?, place: String) throws {
        var model = SecurityHubModel(accountRegion: try .test())
        let response = try model.importFindings(
            ["Findings": [Self.finding("bad", [name: value]), Self.finding("good")]], now: testTime)
        #expect(response["SuccessCount"] == 1)
        #expect(response["FailedCount"] == 1)
        let failure = try #require(response["FailedFindings"]?.array?.first)
        #expect(failure["ErrorCode"] == "InvalidInput")
        let message = try #require(failure["ErrorMessage"]?.string)
        #expect(message.contains(place), "\(message)")
        #expect(model.records.count == 1)
    }

    @Test(
        "a malformed call is rejected as a whole",
        arguments: [
            ([:], "InvalidInputException"), (["Findings": []], "InvalidInputException"),
            (["Findings": ["text"]], "InvalidInputException"),
            (["Findings": .array(Array(repeating: Self.finding(), count: 101))], "InvalidInputException"),
            (["Findings": [Self.finding("x", ["ProductArn": "not-an-arn"])]], "InvalidInputException"),
            (
                [
                    "Findings": [
                        Self.finding(
                            "x", ["ProductArn": .string(product.replacing("111122223333", with: "444455556666"))])
                    ]
                ],
                "AccessDeniedException"
            ),
            (
                [
                    "Findings": [
                        Self.finding("x", ["ProductArn": .string(product.replacing("us-east-1", with: "eu-west-1"))])
                    ]
                ],
                "AccessDeniedException"
            ),
        ] as [(JSON, String)])
    func callRejected(request: JSON, code: String) throws {
        var model = SecurityHubModel(accountRegion: try .test())
        let error = #expect(throws: ServiceError.self) { try model.importFindings(request, now: testTime) }
        #expect(error?.code == code)
        #expect(model.records.isEmpty)
    }

    @Test("a duplicate finding in a batch is rejected once")
    func duplicate() throws {
        var model = SecurityHubModel(accountRegion: try .test())
        let response = try model.importFindings(["Findings": [Self.finding(), Self.finding()]], now: testTime)
        #expect(response["SuccessCount"] == 1)
        #expect(response["FailedFindings"]?.array?.first?["ErrorCode"] == "DuplicatedFindingIdentifier")
    }

    @Test(
        "an update applies only if its UpdatedAt is newer, and is otherwise silently ignored",
        arguments: [
            ("2026-11-22T10:00:00Z", false), ("2026-11-22T09:59:59.999999999Z", false),
            ("2026-11-22T11:00:00+01:00", false), ("2026-11-22T10:00:00.000000001Z", true),
            ("2026-11-22T09:30:00-01:00", true),
        ])
    func updateOrder(updatedAt: String, counts: Bool) throws {
        let model = try Self.model(
            Self.finding(), Self.finding("one", ["UpdatedAt": .string(updatedAt), "Title": "Changed"]))
        #expect(model.finding(id: "one")?["Title"] == (counts ? "Changed" : "Title"))
        #expect(model.records.count == 1)
    }

    @Test("an import does not change customers' members")
    func customerMembers() throws {
        var model = try Self.model(Self.finding())
        _ = try model.updateFindings(
            [
                "FindingIdentifiers": [["Id": "one", "ProductArn": .string(Self.product)]],
                "Workflow": ["Status": "SUPPRESSED"], "Note": ["Text": "Note", "UpdatedBy": "analyst"],
                "VerificationState": "FALSE_POSITIVE", "Severity": ["Label": "LOW"],
            ], now: testTime)
        _ = try model.importFindings(
            [
                "Findings": [
                    Self.update(
                        1,
                        [
                            "Workflow": ["Status": "NEW"], "VerificationState": "UNKNOWN",
                            "Note": ["Text": "x", "UpdatedBy": "x", "UpdatedAt": "2026-11-22T10:00:00Z"],
                            "Title": "Changed",
                        ])
                ]
            ], now: testTime)
        let finding = try #require(model.finding(id: "one"))
        #expect(finding["Title"] == "Changed")
        #expect(finding["Workflow"] == ["Status": "SUPPRESSED"])
        #expect(finding["VerificationState"] == "FALSE_POSITIVE")
        #expect(finding["Note"]?["Text"] == "Note")
        #expect(finding["Severity"]?["Label"] == "LOW")
        #expect(finding["FindingProviderFields"]?["Severity"]?["Label"] == "HIGH")
    }

    @Test(
        "a finding that becomes active again is reopened",
        arguments: [("NOTIFIED", "NEW"), ("RESOLVED", "NEW"), ("SUPPRESSED", "SUPPRESSED"), ("NEW", "NEW")])
    func reopened(before: String, after: String) throws {
        var model = try Self.model(Self.finding())
        func set(_ status: String) throws {
            _ = try model.updateFindings(
                [
                    "FindingIdentifiers": [["Id": "one", "ProductArn": .string(Self.product)]],
                    "Workflow": ["Status": .string(status)],
                ], now: testTime)
        }
        try set(before)
        for (second, state) in [(1, "ARCHIVED"), (2, "ACTIVE")] {
            _ = try model.importFindings(
                ["Findings": [Self.update(second, ["RecordState": .string(state)])]], now: testTime)
            #expect(model.finding(id: "one")?["RecordState"] == .string(state))
            if state == "ARCHIVED" { #expect(model.finding(id: "one")?["Workflow"]?["Status"] == .string(before)) }
        }
        #expect(model.finding(id: "one")?["Workflow"]?["Status"] == .string(after))
    }

    @Test("an update of an active finding keeps the workflow status")
    func notReopened() throws {
        var model = try Self.model(Self.finding("one", ["Workflow": ["Status": "NOTIFIED"]]))
        _ = try model.importFindings(["Findings": [Self.update(1)]], now: testTime)
        #expect(model.finding(id: "one")?["Workflow"]?["Status"] == "NOTIFIED")
    }

    @Test("an injected rejection applies until it is removed")
    func rejectedID() throws {
        var model = SecurityHubModel(accountRegion: try .test())
        model.rejectedIDs = ["one"]
        let rejected = try model.importFindings(
            ["Findings": [Self.finding("one"), Self.finding("two")]], now: testTime)
        #expect(rejected["FailedFindings"]?.array?.map { $0["Id"] } == ["one"])
        model.rejectedIDs = []
        #expect(try model.importFindings(["Findings": [Self.finding("one")]], now: testTime)["FailedCount"] == 0)
    }

    // MARK: BatchUpdateFindings

    @Test("missing findings are reported, and the others are updated")
    func unprocessed() throws {
        var model = try Self.model(Self.finding())
        let identifiers: [JSON] = ["one", "two"].map { ["Id": .string($0), "ProductArn": .string(Self.product)] }
        let response = try model.updateFindings(
            ["FindingIdentifiers": .array(identifiers), "Note": ["Text": "Note", "UpdatedBy": "analyst"]],
            now: testTime)
        #expect(response["ProcessedFindings"] == .array([identifiers[0]]))
        let failure = try #require(response["UnprocessedFindings"]?.array?.first)
        #expect(failure["FindingIdentifier"] == identifiers[1])
        #expect(failure["ErrorCode"] == "FindingNotFound")
        #expect(model.finding(id: "one")?["Note"]?["UpdatedAt"] == "2026-11-22T10:00:00.123Z")
        #expect(model.finding(id: "one")?["UpdatedAt"] == "2026-11-22T10:00:00Z")
    }

    @Test(
        "a malformed update is rejected as a whole",
        arguments: [
            [:], ["FindingIdentifiers": []], ["FindingIdentifiers": [["Id": "one"]]],
            ["FindingIdentifiers": [["Id": "one", "ProductArn": .string(product)]], "Workflow": ["Status": "DONE"]],
            ["FindingIdentifiers": [["Id": "one", "ProductArn": .string(product)]], "Note": ["Text": "x"]],
            ["FindingIdentifiers": [["Id": "one", "ProductArn": .string(product)]], "RecordState": "ARCHIVED"],
        ] as [JSON])
    func malformedUpdate(request: JSON) throws {
        var model = try Self.model(Self.finding())
        let error = #expect(throws: ServiceError.self) { try model.updateFindings(request, now: testTime) }
        #expect(error?.code == "InvalidInputException")
    }

    // MARK: GetFindings

    private static func ids(_ model: SecurityHubModel, _ filters: JSON) throws -> [String] {
        let response = try model.getFindings(["Filters": filters])
        return try #require(response["Findings"]?.array).compactMap { $0["Id"]?.string }
    }

    private static func condition(_ comparison: String, _ value: String) -> JSON {
        ["Comparison": .string(comparison), "Value": .string(value)]
    }

    @Test(
        "filters match like in Security Hub",
        arguments: [
            ([:], ["a1", "a2", "b1"]), (["Id": [condition("EQUALS", "a1"), condition("EQUALS", "b1")]], ["a1", "b1"]),
            (["Id": [condition("PREFIX", "a")]], ["a1", "a2"]),
            (["Id": [condition("NOT_EQUALS", "a1")]], ["a2", "b1"]),
            (["Id": [condition("PREFIX", "a"), condition("NOT_EQUALS", "a1")]], ["a2"]),
            (["Id": [condition("PREFIX_NOT_EQUALS", "a")]], ["b1"]),
            (["RecordState": [condition("EQUALS", "ARCHIVED")]], ["b1"]),
            (["SeverityLabel": [condition("EQUALS", "LOW")], "Id": [condition("PREFIX", "a")]], ["a2"]),
            (["WorkflowStatus": [condition("NOT_EQUALS", "NEW")]], []),
            (["Type": [condition("PREFIX", "Effects")]], ["b1"]),
            (["GeneratorId": [condition("EQUALS", "Fleet/Behavior")]], ["a1", "a2", "b1"]),
            (["AwsAccountId": [condition("EQUALS", "444455556666")]], []),
            (["ResourceId": [condition("EQUALS", "pump-17")]], ["a1", "a2", "b1"]),
        ] as [(JSON, [String])])
    func filters(filters: JSON, expected: [String]) throws {
        let model = try Self.model(
            Self.finding("a1"), Self.finding("a2", ["Severity": ["Label": "LOW"]]),
            Self.finding("b1", ["RecordState": "ARCHIVED", "Types": ["Unusual Behaviors", "Effects/Data"]]))
        #expect(try Self.ids(model, filters) == expected)
    }

    @Test(
        "unsupported filters are rejected",
        arguments: [
            ["Filters": ["Whatever": [condition("EQUALS", "x")]]], ["Filters": ["Id": [condition("LIKE", "x")]]],
            ["Filters": ["Id": []]], ["Filters": ["Id": [condition("EQUALS", "x"), condition("NOT_EQUALS", "y")]]],
            ["Filters": ["Id": .array(Array(repeating: condition("EQUALS", "x"), count: 21))]], ["MaxResults": 0],
            ["MaxResults": 101], ["NextToken": "x"], ["NextToken": 3], ["SortCriteria": [["SortOrder": "asc"]]],
            ["Whatever": 1],
        ] as [JSON])
    func filtersRejected(request: JSON) throws {
        let model = try Self.model(Self.finding())
        let error = #expect(throws: ServiceError.self) { try model.getFindings(request) }
        #expect(error?.code == "InvalidInputException")
    }

    @Test("pages continue after the last finding, also if earlier findings have changed")
    func paging() throws {
        var model = try Self.model(Self.finding("a"), Self.finding("b"), Self.finding("c"))
        let active: JSON = ["RecordState": [Self.condition("EQUALS", "ACTIVE")]]
        let first = try model.getFindings(["Filters": active, "MaxResults": 1])
        #expect(first["Findings"]?.array?.map { $0["Id"] } == ["a"])
        let token = try #require(first["NextToken"])
        _ = try model.importFindings(
            ["Findings": [Self.finding("a", ["UpdatedAt": "2026-11-22T10:00:01Z", "RecordState": "ARCHIVED"])]],
            now: testTime)
        let second = try model.getFindings(["Filters": active, "MaxResults": 2, "NextToken": token])
        #expect(second["Findings"]?.array?.map { $0["Id"] } == ["b", "c"])
        #expect(second["NextToken"] == nil)
        #expect(throws: ServiceError.self) { try model.getFindings(["MaxResults": 2, "NextToken": token]) }
    }

    @Test("findings requested by ID are listed page by page, in order of creation")
    func pagesOfIDs() throws {
        let model = try Self.model(Self.finding("c"), Self.finding("a"), Self.finding("b"), Self.finding("d"))
        let filters: JSON = ["Id": .array(["a", "b", "c", "x"].map { Self.condition("EQUALS", $0) })]
        var request: JSON.Members = ["Filters": filters, "MaxResults": 2]
        let first = try model.getFindings(.object(request))
        #expect(first["Findings"]?.array?.map { $0["Id"] } == ["c", "a"])
        request["NextToken"] = first["NextToken"]
        let second = try model.getFindings(.object(request))
        #expect(second["Findings"]?.array?.map { $0["Id"] } == ["b"])
        #expect(second["NextToken"] == nil)
        #expect(model.finding(id: "d")?["Id"] == "d")
        #expect(model.finding(id: "x") == nil)
    }

    @Test("an ID prefix with a product matches all findings, page by page")
    func prefixes() throws {
        var model = try Self.model()
        for start in stride(from: 0, to: 3000, by: 100) {
            let batch = (start..<start + 100).map { Self.finding("\($0 % 3)/\($0)") }
            _ = try model.importFindings(["Findings": .array(batch)], now: testTime)
        }
        let product = try #require(Self.finding()["ProductArn"]?.string)
        var request: JSON.Members = [
            "Filters": ["Id": [Self.condition("PREFIX", "1/")], "ProductArn": [Self.condition("EQUALS", product)]]
        ]
        var found: [String] = []
        repeat {
            let response = try model.getFindings(.object(request))
            found += (response["Findings"]?.array ?? []).compactMap { $0["Id"]?.string }
            request["NextToken"] = response["NextToken"]
        } while request["NextToken"] != nil && found.count < 3000
        #expect(found == stride(from: 1, to: 3000, by: 3).map { "1/\($0)" })
        let other = Self.condition("EQUALS", product.replacing("111122223333", with: "444455556666"))
        #expect(try Self.ids(model, ["Id": [Self.condition("PREFIX", "1/")], "ProductArn": [other]]) == [])
    }

    @Test("findings are sorted by the criteria in their order")
    func sorting() throws {
        let model = try Self.model(
            Self.finding("a", ["Title": "z"]), Self.finding("b", ["Title": "y"]), Self.finding("c", ["Title": "z"]))
        let response = try model.getFindings([
            "SortCriteria": [["Field": "Title", "SortOrder": "asc"], ["Field": "Id", "SortOrder": "desc"]]
        ])
        #expect(response["Findings"]?.array?.map { $0["Id"] } == ["b", "c", "a"])
    }
}

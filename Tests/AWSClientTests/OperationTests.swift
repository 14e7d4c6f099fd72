import AWSClient
import AWSCore
import Encoding
import HTTPClient
import HTTPTypes
import JSON
import TestSupport
import Testing

@Suite("AWS operations compared with the service models")
struct OperationTests {
    private func expect(
        _ request: ScriptedAWS.Request?, _ method: HTTPRequest.Method, _ url: String, service: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let request = try #require(request, sourceLocation: sourceLocation)
        let head = request.head
        #expect(head.method == method, sourceLocation: sourceLocation)
        #expect(
            "\(head.scheme ?? "")://\(head.authority ?? "")\(head.path ?? "")" == url, sourceLocation: sourceLocation)
        let signing = RequestSigning(
            region: "us-east-1", service: service, accessKeyID: credentials.accessKeyID,
            secretAccessKey: credentials.secretAccessKey, sessionToken: credentials.sessionToken,
            date: "20261122T100000Z")
        #expect(request.signing == signing, sourceLocation: sourceLocation)
    }

    // MARK: STS

    private let identity = """
        <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <GetCallerIdentityResult>
            <Arn>arn:aws:sts::111122223333:assumed-role/a&amp;b/i-0</Arn>
            <UserId>AROA:i-0</UserId>
            <Account>111122223333</Account>
          </GetCallerIdentityResult>
        </GetCallerIdentityResponse>
        """

    @Test("GetCallerIdentity")
    func getCallerIdentity() async throws {
        let aws = ScriptedAWS([ScriptedAWS.reply(200, identity)])
        let caller = try await client(aws).getCallerIdentity(region: region)
        #expect(caller.account.digits == "111122223333")
        #expect(caller.arn == "arn:aws:sts::111122223333:assumed-role/a&b/i-0")
        #expect(caller.userID == "AROA:i-0")
        try expect(aws.requests.first, .post, "https://sts.us-east-1.amazonaws.com/", service: "sts")
        #expect(aws.requests.first?.body == Array("Action=GetCallerIdentity&Version=2011-06-15".utf8))
        #expect(
            aws.requests.first?.head.headerFields[.contentType] == "application/x-www-form-urlencoded; charset=utf-8")
    }

    @Test("an incomplete or truncated identity is rejected", arguments: 0..<12)
    func truncatedIdentity(part: Int) async throws {
        let broken: String
        if part < 10 {
            let end = try #require(identity.firstRange(of: "</Account>")).upperBound
            broken = String(identity[..<end].dropLast(1 + part * 20))
        } else {
            broken = identity.replacing("111122223333</A", with: part == 10 ? "1111</A" : "<a/></A")
        }
        let aws = ScriptedAWS([ScriptedAWS.reply(200, broken)])
        let error = try await failure {
            try await client(aws).getCallerIdentity(region: region)
        }
        #expect(error.kind == .other)
    }

    // MARK: Device Defender

    @Test("DescribeAuditTask")
    func describeAuditTask() async throws {
        let aws = ScriptedAWS([ScriptedAWS.reply(200, #"{"taskStatus": "COMPLETED"}"#)])
        let task = try await client(aws).describeAuditTask(id: "4e2b-CC", region: region)
        #expect(task["taskStatus"] == "COMPLETED")
        try expect(
            aws.requests.first, .get, "https://iot.us-east-1.amazonaws.com/audit/tasks/4e2b-CC", service: "iot")
        #expect(aws.requests.first?.body == [])
    }

    @Test(
        "an invalid audit task ID is rejected before sending",
        arguments: ["", "a/b", "..", "a_b", "é", "a b", String(repeating: "a", count: 41)])
    func taskIDs(id: String) async throws {
        let aws = ScriptedAWS([])
        let describing = try await failure {
            try await client(aws).describeAuditTask(id: id, region: region)
        }
        let listing = try await failure {
            try await client(aws).listAuditFindings(taskID: id, region: region)
        }
        #expect([describing.kind, listing.kind] == [.invalid, .invalid])
        #expect(aws.requests.isEmpty)
    }

    @Test("ListAuditFindings includes suppressed findings")
    func listAuditFindings() async throws {
        let aws = ScriptedAWS([
            ScriptedAWS.reply(200, #"{"findings": [{"findingId": "1"}], "nextToken": "more"}"#),
            ScriptedAWS.reply(200, #"{"findings": []}"#),
        ])
        let first = try await client(aws).listAuditFindings(taskID: "t", region: region)
        #expect(try first.elements.map { try $0.parsed() } == [["findingId": "1"]])
        #expect(first.nextToken == "more")
        let last = try await client(aws).listAuditFindings(
            taskID: "t", checkName: "LOGGING_DISABLED_CHECK", region: region, nextToken: "more")
        #expect(last.elements.isEmpty)
        #expect(last.nextToken == nil)
        try expect(aws.requests.first, .post, "https://iot.us-east-1.amazonaws.com/audit/findings", service: "iot")
        #expect(aws.requests.first?.head.headerFields[.contentType] == "application/json")
        #expect(
            aws.requests.map(\.json) == [
                ["taskId": "t", "maxResults": 250],
                ["taskId": "t", "maxResults": 250, "checkName": "LOGGING_DISABLED_CHECK", "nextToken": "more"],
            ])
    }

    @Test("ListAuditSuppressions, and all of its pages")
    func listAuditSuppressions() async throws {
        let suppression: JSON = ["checkName": "C", "resourceIdentifier": ["account": "111122223333"]]
        let aws = ScriptedAWS([
            ScriptedAWS.reply(
                200,
                String(
                    decoding: JSON.object(["suppressions": [suppression], "nextToken": "more"]).serialized(),
                    as: UTF8.self)),
            ScriptedAWS.reply(200, #"{"suppressions": []}"#),
            ScriptedAWS.reply(200, #"{"findings": []}"#),
        ])
        var all: [JSON] = []
        for try await page in try client(aws).auditSuppressions(region: region) { all += page.elements }
        #expect(all == [suppression])
        try expect(
            aws.requests.first, .post, "https://iot.us-east-1.amazonaws.com/audit/suppressions/list", service: "iot")
        #expect(aws.requests.first?.head.headerFields[.contentType] == "application/json")
        #expect(aws.requests.map(\.json) == [["maxResults": 250], ["maxResults": 250, "nextToken": "more"]])
        let error = try await failure { try await client(aws).listAuditSuppressions(region: region) }
        #expect(error.kind == .other)
    }

    @Test("ListAuditTasks, ListViolationEvents and ListActiveViolations have query parameters, on all pages")
    func history() async throws {
        // 2026-11-22T10:00:00.999Z to a second later.
        let times: ClosedRange<Timestamp> = 1_795_341_600_999...1_795_341_601_999
        let span = "endTime=2026-11-22T10%3A00%3A01Z&maxResults=250"
        let start = "startTime=2026-11-22T10%3A00%3A00Z"
        for (list, elements, first, second) in [
            (
                { $0.auditTasks(in: times, region: region) }, "tasks", "/audit/tasks?\(span)&\(start)",
                "/audit/tasks?\(span)&nextToken=a%2Bb%2Fc%3D%26&\(start)"
            ),
            (
                { $0.violationEvents(in: times, region: region) }, "violationEvents",
                "/violation-events?\(span)&\(start)", "/violation-events?\(span)&nextToken=a%2Bb%2Fc%3D%26&\(start)"
            ),
            (
                { $0.activeViolations(region: region) }, "activeViolations", "/active-violations?maxResults=250",
                "/active-violations?maxResults=250&nextToken=a%2Bb%2Fc%3D%26"
            ),
        ] as [((AWSClient) -> PaginatorSequence<JSON>, String, String, String)] {
            let aws = ScriptedAWS([
                ScriptedAWS.reply(200, #"{"\#(elements)": [{"id": "1"}], "nextToken": "a+b/c=&"}"#),
                ScriptedAWS.reply(200, #"{"\#(elements)": [{"id": "2"}]}"#),
                ScriptedAWS.reply(200, #"{}"#),
            ])
            var all: [JSON] = []
            for try await page in list(try client(aws)) { all += page.elements }
            #expect(all == [["id": "1"], ["id": "2"]])
            for (request, path) in zip(aws.requests, [first, second]) {
                try expect(request, .get, "https://iot.us-east-1.amazonaws.com\(path)", service: "iot")
                #expect(request.body.isEmpty && request.head.headerFields[.contentType] == nil)
            }
            let error = try await failure {
                for try await _ in list(try client(aws)) {}
            }
            #expect(error.kind == .other)
        }
    }

    // MARK: Security Hub

    private static func findings(_ ids: String...) -> [FindingText] {
        ids.compactMap { FindingText(["Id": .string($0)]) }
    }

    @Test("BatchImportFindings, with some findings rejected")
    func batchImportFindings() async throws {
        let aws = ScriptedAWS([
            ScriptedAWS.reply(
                200,
                """
                {"FailedCount": 1, "SuccessCount": 1, "FailedFindings": [
                 {"Id": "b", "ErrorCode": "InvalidInput", "ErrorMessage": "no title"}]}
                """)
        ])
        let batch = try #require(FindingBatches(Self.findings("a", "b")).batches.first)
        let result = try await client(aws).batchImportFindings(batch, region: region)
        #expect(result.successCount == 1)
        #expect(result.failures.map(\.id) == ["b"])
        #expect(result.failures.map(\.code) == ["InvalidInput"])
        #expect(result.failures.map(\.message) == ["no title"])
        try expect(
            aws.requests.first, .post, "https://securityhub.us-east-1.amazonaws.com/findings/import",
            service: "securityhub")
        #expect(aws.requests.first?.json == ["Findings": [["Id": "a"], ["Id": "b"]]])
    }

    @Test(
        "an import response whose counts do not add up is an error",
        arguments: [
            "", "{}", "[]", "null", #"{"SuccessCount": 1}"#, #"{"SuccessCount": 3}"#, #"{"SuccessCount": -2}"#,
            #"{"SuccessCount": 99999999999999999999}"#,
            #"{"SuccessCount": 9223372036854775807, "FailedFindings": [{"Id": "a", "ErrorCode": "InternalFailure"}]}"#,
            #"{"SuccessCount": 1.5}"#, #"{"SuccessCount": "2"}"#,
            #"{"SuccessCount": 2, "FailedFindings": {}}"#, #"{"SuccessCount": 1, "FailedFindings": [{"Id": "a"}]}"#,
            #"{"SuccessCount": 1, "FailedFindings": ["a"]}"#, #"{"SuccessCount": 2, "SuccessCount": 2}"#, "<html>",
        ])
    func malformedImport(body: String) async throws {
        let batch = try #require(FindingBatches(Self.findings("a", "b")).batches.first)
        let error = try await failure {
            try await client(ScriptedAWS([ScriptedAWS.reply(200, body)])).batchImportFindings(batch, region: region)
        }
        #expect(error.kind == .other)
        #expect(error.description.contains("BatchImportFindings"))
    }

    @Test("BatchUpdateFindings, with some findings not found")
    func batchUpdateFindings() async throws {
        let aws = ScriptedAWS([
            ScriptedAWS.reply(
                200,
                """
                {"ProcessedFindings": [{"Id": "a", "ProductArn": "p"}], "UnprocessedFindings": [
                 {"FindingIdentifier": {"Id": "b", "ProductArn": "p"}, "ErrorCode": "FindingNotFound"}]}
                """)
        ])
        let identifiers = ["a", "b"].map { FindingIdentifier(id: $0, productARN: "p") }
        let result = try await client(aws).batchUpdateFindings(
            identifiers, changes: ["Workflow": ["Status": "SUPPRESSED"]], region: region)
        #expect(result.processed == [FindingIdentifier(id: "a", productARN: "p")])
        #expect(result.unprocessed.map(\.id) == ["b"])
        #expect(result.unprocessed.map(\.code) == ["FindingNotFound"])
        try expect(
            aws.requests.first, .patch, "https://securityhub.us-east-1.amazonaws.com/findings/batchupdate",
            service: "securityhub")
        #expect(
            aws.requests.first?.json == [
                "FindingIdentifiers": [["Id": "a", "ProductArn": "p"], ["Id": "b", "ProductArn": "p"]],
                "Workflow": ["Status": "SUPPRESSED"],
            ])
    }

    @Test("an update of no findings, or of more than 100, is rejected before sending", arguments: [0, 101])
    func updateLimits(count: Int) async throws {
        let aws = ScriptedAWS([])
        let identifiers = (0..<count).map { FindingIdentifier(id: "\($0)", productARN: "p") }
        let error = try await failure {
            try await client(aws).batchUpdateFindings(identifiers, changes: [:], region: region)
        }
        #expect(error.kind == .invalid)
        #expect(aws.requests.isEmpty)
    }

    @Test("GetFindings, and all of its pages")
    func getFindings() async throws {
        let filters: JSON = ["ProductName": [["Value": "x", "Comparison": "EQUALS"]]]
        let aws = ScriptedAWS([
            ScriptedAWS.reply(200, #"{"Findings": [1], "NextToken": "a"}"#),
            ScriptedAWS.reply(200, #"{"Findings": [2], "NextToken": null}"#),
        ])
        var all: [JSON] = []
        for try await page in try client(aws).findings(filters: filters, region: region) { all += page.elements }
        #expect(all == [1, 2])
        try expect(
            aws.requests.first, .post, "https://securityhub.us-east-1.amazonaws.com/findings", service: "securityhub")
        #expect(
            aws.requests.map(\.json) == [
                ["Filters": filters, "MaxResults": 100], ["Filters": filters, "MaxResults": 100, "NextToken": "a"],
            ])
    }

    @Test("an endpoint's prefix precedes the path, and the credential scope is unchanged")
    func endpoint() async throws {
        let aws = ScriptedAWS([ScriptedAWS.reply(200, "{}")])
        let environment = ["AWS_ENDPOINT_URL_IOT": "http://127.0.0.1:5000/iot/"]
        _ = try await client(aws, environment: environment).describeAuditTask(id: "t", region: region)
        try expect(aws.requests.first, .get, "http://127.0.0.1:5000/iot/audit/tasks/t", service: "iot")
    }
}

import AWSCore
import Encoding
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import LocalAWS

@Suite("Real AWS clients", .timeLimit(.minutes(15)))
struct AWSClientTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "aws_clients.py")
        .path

    /// First 30 with an expiration date, the latest first, then 30 without one.
    private var suppressions: [FleetAuditSuppression] {
        let first = FleetAuditSuppression(
            checkName: "LOGGING_DISABLED_CHECK", resourceIdentifier: ["account": "111122223333"],
            description: "a laboratory")
        return [first]
            + (1..<60).map { number in
                FleetAuditSuppression(
                    checkName: "CONFLICTING_CLIENT_IDS_CHECK",
                    resourceIdentifier: ["clientId": .string("pump-\(number)")],
                    expirationDate: number < 30 ? nil : testTime - Int64(number) * 1000)
            }
    }

    @Test("boto3 and the AWS CLI get responses that match botocore's models")
    func botocore() async throws {
        try await withLocalAWS {
            $0.credentials.append(
                LocalAWS.Credentials(
                    accessKeyID: "AKIALOCALAWSANOTHER", secretAccessKey: "another-secret",
                    account: try #require(AccountID("444455556666"))))
        } _: { local, _ in
            let accountRegion = try AccountRegion.test()
            let scenario = FleetScenario(accountRegion: accountRegion, findings: 1000, startTime: testTime)
            local.add(scenario.auditTask, findings: scenario.auditFindings, in: accountRegion)
            local.setSuppressions(suppressions, in: accountRegion)
            local.enableProduct("aws/iot-device-defender-audit", in: accountRegion)
            local.setThing("pump:1", attributes: ["site": "Zug"], in: accountRegion)
            local.setSecurityHubV2(.receiving, in: accountRegion)
            let messages = scenario.alarms + [scenario.clearedAlarm, scenario.invalidatedAlarm]
            local.add(alarms: messages, in: accountRegion)
            for name in ["other", "iot-b", "iot-a"] {
                local.add(
                    LogAlarm(name: name, description: "d", query: "q", aggregation: "a", threshold: 5),
                    in: accountRegion)
            }
            for number in 0..<60 {
                let events = local.setContributor(
                    ["clientId": "pump-\(number)"], of: "iot-a", isInAlarm: true, value: 9, in: accountRegion)
                #expect(events.count == (number == 0 ? 2 : 1))
            }
            let third = try #require(scenario.alarms[2]["violationId"]?.string)
            local.verify(violation: third, state: "FALSE_POSITIVE", description: "a laboratory", in: accountRegion)
            let firstAlarm = try #require(scenario.alarms[0]["violationEventTime"]?.integer)
            var environment: [String: String?] = local.endpointEnvironment.merging([
                "LOCAL_ACCOUNT": "111122223333", "LOCAL_OTHER_ACCOUNT": "444455556666",
                "LOCAL_TASK": scenario.auditTask.id,
                "LOCAL_ALARM_TIME": Timestamp(milliseconds: firstAlarm).iso8601, "AWS_CONFIG_FILE": "/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "*",
            ]) { $1 }.mapValues { $0 }
            environment.updateValue(nil, forKey: "AWS_CA_BUNDLE")
            // Just before the time limit ends the test without a reason.
            let program = try await Program.run(
                ["python3", Self.script], environment: environment, within: .seconds(115))
            #expect(program.status == 0, "\(program.text)\(program.errors)")
            #expect(program.text.hasSuffix("all passed\n"))
            #expect(local.findings(in: accountRegion).count == 103)
            #expect(local.finding("finding-0001", in: accountRegion)?["Workflow"] == ["Status": "SUPPRESSED"])
            #expect(local.calls(of: .batchImportFindings) > 4)
            #expect(local.calls(of: .describeHub) == 1)
            #expect(local.calls(of: .listAuditSuppressions) == 7)
            #expect(local.calls(of: .listViolationEvents) == 5 && local.calls(of: .listActiveViolations) == 5)
        }
    }

    /// Calls `GetFindings` with the bridge's client, signed or not, and expects a response.
    private static func getFindings(
        _ local: LocalAWS, _ client: HTTPClient, secret: String? = nil, signed: Bool = true,
        path: String = "/findings", gives status: Int, _ error: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let request = HTTPRequest(
            method: .post, scheme: "http", authority: String(local.apiURL.dropFirst("http://".count)), path: path,
            headerFields: [.contentType: "application/json"])
        let signing = RequestSigning(
            region: "us-east-1", service: "securityhub", accessKeyID: local.credentials.accessKeyID,
            secretAccessKey: secret ?? local.credentials.secretAccessKey, sessionToken: nil)
        let (response, _) = try await client.send(request, body: Array("{}".utf8), signing: signed ? signing : nil)
        let type = try #require(HTTPField.Name("x-amzn-ErrorType"))
        #expect(response.status.code == status, sourceLocation: sourceLocation)
        #expect(response.headerFields[type] == error, sourceLocation: sourceLocation)
    }

    private static func withClient(
        _ configure: (inout LocalAWS.Configuration) throws -> Void = { _ in },
        _ body: (LocalAWS, HTTPClient) async throws -> Void
    ) async throws {
        try await withLocalAWS(configure) { local, loop in
            let client = try await HTTPClient(loop: loop)
            try await withCleanup {
                try await body(local, client)
            } cleanup: {
                await client.shutdown()
            }
        }
    }

    @Test("the bridge's client is authenticated, and wrong and missing signatures are rejected")
    func signatures() async throws {
        try await Self.withClient { local, client in
            try await Self.getFindings(local, client, gives: 200)
            try await Self.getFindings(local, client, secret: "wrong", gives: 403, "InvalidSignatureException")
            try await Self.getFindings(local, client, signed: false, gives: 403, "MissingAuthenticationTokenException")
            try await Self.getFindings(local, client, path: "/elsewhere", gives: 404, "UnknownOperationException")
            #expect(local.calls(of: .getFindings) == 1)
        }
    }

    @Test("injected faults fail the next calls only")
    func faults() async throws {
        try await Self.withClient { local, client in
            local.fail(.getFindings, count: 2, status: 500, code: "InternalException")
            try await Self.getFindings(local, client, gives: 500, "InternalException")
            try await Self.getFindings(local, client, gives: 500, "InternalException")
            try await Self.getFindings(local, client, gives: 200)
        }
    }

    @Test("requests over the documented rate are throttled while throttling is on")
    func throttling() async throws {
        // A stopped clock refills no bucket, whatever the machine's speed.
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        try await Self.withClient {
            $0.clock = { now }
            $0.throttles = true
        } _: { local, client in
            for _ in 0..<6 { try await Self.getFindings(local, client, gives: 200) }
            try await Self.getFindings(local, client, gives: 429, "TooManyRequestsException")
            local.setThrottling(false)
            try await Self.getFindings(local, client, gives: 200)
        }
    }
}

import AWSCore
import Encoding
import EventLoop
import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

@testable import AWSClient

@Suite("Signatures of all operations, recomputed by botocore over the raw requests", .timeLimit(.minutes(15)))
struct OperationSignatureTests {
    /// A server that verifies each request's signature with botocore, and responds with a token for the next page.
    private static let program = #"""
        import datetime, json, http.server, os, re, sys, threading
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        seen = []
        TOKEN = "n+/=& \u00e4\u20ac%25?"
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def handle_any(self):
                length = int(self.headers.get("Content-Length", "0"))
                body = self.rfile.read(length)
                authorization = self.headers.get("Authorization")
                name = "unsigned"
                valid = True
                if authorization:
                    found = re.fullmatch(
                        "AWS4-HMAC-SHA256 Credential=AKID/(\\d+)/([^/]*)/([^/]*)/aws4_request, "
                        "SignedHeaders=([^,]*), Signature=(.*)", authorization)
                    day, region, service, signed, signature = found.groups()
                    names = signed.split(";")
                    valid = {"host", "x-amz-date", "x-amz-security-token"} <= set(names)
                    headers = {name: self.headers[name] for name in names}
                    request = AWSRequest(
                        method=self.command, url="http://" + self.headers["Host"] + self.path, headers=headers, data=body)
                    request.context["timestamp"] = headers["x-amz-date"]
                    auth = SigV4Auth(Credentials("AKID", "s/+=&k \u00fc", "t/+=&="), service, region)
                    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
                    valid = valid and expected == signature and day == headers["x-amz-date"][:8]
                    name = service
                seen.append([name, self.command, self.path.split("?")[0],
                             self.headers.get("X-Amz-Target", "") or dict(p.split("=", 1) for p in body.decode().split("&")
                             if "=" in p).get("Action", "") if name != "iot" and name != "securityhub" else "", valid])
                first = TOKEN not in body.decode() and "nextToken" not in self.path and b"NextToken" not in body \
                    and b"nextToken" not in body
                answer = {name: [] for name in ["findings", "suppressions", "tasks", "violationEvents",
                          "activeViolations", "Findings", "Rules", "Targets"]}
                if first: answer.update(nextToken=TOKEN, NextToken=TOKEN)
                answer.update(HubArn="x", HubV2Arn="x", thingName="t", SuccessCount=1, ProcessedFindings=[])
                text = json.dumps(answer)
                if name in ("sts", "sns", "unsigned"):
                    text = ("<R><Account>111122223333</Account><Arn>a</Arn><UserId>u</UserId><AccessKeyId>A</AccessKeyId>"
                            "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
                            "<Expiration>2999-01-01T00:00:00Z</Expiration>"
                            + ("<NextToken>n+/=</NextToken>" if first else "") + "</R>")
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            do_GET = do_POST = do_PATCH = handle_any
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        open(sys.argv[1], "w").write(sys.stdin.read() or json.dumps(seen))
        os._exit(0)
        """#

    /// Calls every operation of the client, with texts that need encoding.
    private static func callAll(_ client: AWSClient) async throws {
        let odd = "+/=& ä€%25?"
        _ = try await client.getCallerIdentity(region: region)
        let role = RoleSettings(arn: "arn:aws:iam::111122223333:role/a+b=c,d", externalID: "e+/=:@x")
        _ = try await client.assumeRole(role, sessionName: "s=,.@-", region: region)
        _ = try await client.assumeRoleWithWebIdentity(role, token: "h.c+/=.s", sessionName: "s", region: region)
        _ = try await client.describeAuditTask(id: "a-1", region: region)
        func expectTwo<Value>(_ pages: PaginatorSequence<Value>) async throws {
            var count = 0
            for try await _ in pages { count += 1 }
            #expect(count == 2)
        }
        try await expectTwo(client.auditFindings(taskID: "a-1", checkName: odd, region: region))
        for pages in [
            client.auditSuppressions(region: region),
            client.auditTasks(in: 1_795_341_600_000...1_795_345_200_000, region: region),
            client.violationEvents(in: 1_795_341_600_000...1_795_345_200_000, region: region),
            client.activeViolations(region: region),
            client.findings(filters: ["Id": [["Value": .string(odd)]]], region: region),
            client.rules(region: region), client.targets(ofRule: odd, region: region),
        ] {
            try await expectTwo(pages)
        }
        let finding = try #require(FindingText(["Id": .string(odd)]))
        let batch = try #require(FindingBatches([finding]).batches.first)
        _ = try await client.batchImportFindings(batch, region: region)
        _ = try await client.batchUpdateFindings(
            [FindingIdentifier(id: odd, productARN: odd)], changes: ["Note": ["Text": .string(odd)]], region: region)
        try await client.describeHub(region: region)
        try await client.describeSecurityHubV2(region: region)
        _ = try await client.securityHubV2Contains(odd, region: region)
        _ = try await client.thingAttributes(of: "a_b-1", region: region)
        _ = try await client.subscriptions(to: try #require(ARN("arn:aws:sns:us-east-1:111122223333:fleet")))
        _ = try await client.subscriptionAttributes("arn:aws:sns:us-east-1:111122223333:fleet:1", region: region)
    }

    @Test("every operation, with page tokens, session tokens and texts that need encoding")
    func all() async throws {
        let folder = try TemporaryFolder()
        try await withPythonServer(Self.program, [folder.path("seen")]) { port in
            try await withEventLoop { loop in
                let http = try await HTTPClient(loop: loop)
                try await withCleanup {
                    let credentials = Credentials(
                        accessKeyID: "AKID", secretAccessKey: "s/+=&k ü", sessionToken: "t/+=&=")
                    try await Self.callAll(
                        AWSClient(
                            http: http, credentials: AWSClientTests.FixedCredentials(result: .success(credentials)),
                            endpoints: try Endpoints(environment: ["AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)"]),
                            loop: loop, retry: RetryPolicy(maximumAttempts: 1)))
                } cleanup: {
                    await http.shutdown()
                }
            }
        }
        let seen = try #require(try JSON(parsing: folder.read("seen")).array).compactMap(\.array)
        let invalid = seen.filter { $0.last != true }
        #expect(invalid.isEmpty, "\(invalid)")
        #expect(seen.count == 29)
        #expect(
            Set(seen.compactMap { $0.first?.string }) == ["iot", "securityhub", "sts", "sns", "events", "unsigned"])
    }
}

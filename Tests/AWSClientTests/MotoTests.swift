import AWSClient
import AWSCore
import Encoding
import HTTPClient
import JSON
import TestSupport
import Testing

/// Moto's server: an independent implementation of STS and Security Hub.
private enum Moto {
    static let program = """
        import os, sys
        from moto.server import ThreadedMotoServer
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        print(server.get_host_and_port()[1], flush=True)
        sys.stdin.read()
        os._exit(0)
        """
}

@Suite("Against Moto, over HTTP", .timeLimit(.minutes(15)))
struct MotoTests {
    private func withClient(_ body: (AWSClient) async throws -> Void) async throws {
        try await withPythonServer(Moto.program) { port in
            try await withEventLoop { loop in
                let http = try await HTTPClient(loop: loop)
                try await withCleanup {
                    let endpoints = try Endpoints(environment: ["AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)"])
                    try await body(
                        AWSClient(
                            http: http, credentials: FixedCredentials(), endpoints: endpoints, loop: loop,
                            retry: RetryPolicy(maximumAttempts: 1)))
                } cleanup: {
                    await http.shutdown()
                }
            }
        }
    }

    @Test("the caller's identity")
    func identity() async throws {
        try await withClient { client in
            let caller = try await client.getCallerIdentity(region: region)
            #expect(caller.account.digits == "123456789012")
            #expect(caller.arn == "arn:aws:sts::123456789012:user/moto")
            #expect(!caller.userID.isEmpty)
        }
    }

    private func finding(_ number: Int) -> JSON {
        [
            "SchemaVersion": "2018-10-08", "Id": .string("finding-\(number)"), "AwsAccountId": "123456789012",
            "ProductArn": "arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default",
            "GeneratorId": "generator", "Title": "Zähler + 100 %", "Description": "none",
            "CreatedAt": "2026-11-22T10:00:00Z", "UpdatedAt": "2026-11-22T10:00:00Z", "Severity": ["Label": "LOW"],
            "Types": ["Software and Configuration Checks"],
            "Resources": [["Type": "Other", "Id": "resource", "Region": "us-east-1"]],
        ]
    }

    @Test("imported findings are listed over several pages")
    func importAndGet() async throws {
        try await withClient { client in
            let findings = (0..<230).compactMap { FindingText(finding($0)) }
            for batch in FindingBatches(findings).batches {
                let result = try await client.batchImportFindings(batch, region: region)
                #expect(result.failures == [])
                #expect(result.successCount == batch.findings.count)
            }
            var sizes: [Int] = []
            var found: Set<JSON> = []
            for try await page in client.findings(filters: [:], region: region) {
                sizes.append(page.elements.count)
                for finding in page.elements {
                    if let id = finding["Id"] { found.insert(id) }
                    #expect(finding["Title"] == "Zähler + 100 %")
                }
            }
            #expect(sizes == [100, 100, 30])
            #expect(found.count == 230)
        }
    }

    @Test("a rejected finding is reported, and the others are imported")
    func partialFailure() async throws {
        try await withClient { client in
            let findings = [finding(1), ["Id": "bad", "ProductArn": "arn:x"]].compactMap { FindingText($0) }
            let batch = try #require(FindingBatches(findings).batches.first)
            let result = try await client.batchImportFindings(batch, region: region)
            #expect(result.successCount == 1)
            #expect(result.failures.map(\.id) == ["bad"])
            #expect(result.failures.map(\.code) == ["InvalidInput"])
        }
    }
}

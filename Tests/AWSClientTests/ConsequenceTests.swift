import AWSClient
import AWSCore
import HTTPClient
import HTTPTypes
import JSON
import Testing

@Suite("Consequences of AWS errors") struct FailureConsequenceTests {
    /// Makes one request of each service fail with a reply.
    private func consequences(of reply: ScriptedAWS.Reply) async throws -> [AWSService: AWSError.Consequence] {
        func client() throws -> AWSClient {
            try AWSClientTests.client(ScriptedAWS([reply]), retry: RetryPolicy(maximumAttempts: 1))
        }
        let hub = try await failure { try await client().getFindings(filters: [:], region: region) }
        let iot = try await failure { try await client().describeAuditTask(id: "a", region: region) }
        let sts = try await failure { try await client().getCallerIdentity(region: region) }
        return [.securityHub: hub.consequence, .iot: iot.consequence, .sts: sts.consequence]
    }

    private func expect(
        _ reply: ScriptedAWS.Reply, hub: AWSError.Consequence, iot: AWSError.Consequence, sts: AWSError.Consequence,
        _ name: String
    ) async throws {
        #expect(try await consequences(of: reply) == [.securityHub: hub, .iot: iot, .sts: sts], "\(name)")
    }

    @Test("Only AWS's verdict on the request rejects the delivery; an STS error never does")
    func rejected() async throws {
        for code in [
            "InvalidInputException", "InvalidRequestException", "ValidationException", "ValidationError",
            "SerializationException", "InvalidParameterValue", "MissingParameter",
        ] {
            try await expect(ScriptedAWS.fault(400, code), hub: .reject, iot: .reject, sts: .suspend, code)
        }
        let missing = ScriptedAWS.fault(404, "ResourceNotFoundException")
        try await expect(missing, hub: .suspend, iot: .reject, sts: .suspend, "missing")
    }

    @Test(
        "Authorization errors suspend the account-Region",
        arguments: [
            (401, "InvalidAccessException"), (403, "AccessDeniedException"), (400, "AccessDenied"),
            (403, "UnrecognizedClientException"), (403, "InvalidClientTokenId"), (403, "InvalidSignatureException"),
            (403, "SignatureDoesNotMatch"), (400, "RequestExpired"), (400, "ExpiredTokenException"),
            (403, "ExpiredToken"), (400, "OptInRequired"), (400, "IncompleteSignature"),
            (403, "IDPRejectedClaim"), (403, "RegionDisabledException"),
            (403, "SomethingNew"), (401, "SomethingNew"), (403, "MissingAuthenticationTokenException"),
        ])
    func unauthorized(status: Int, code: String) async throws {
        try await expect(ScriptedAWS.fault(status, code), hub: .suspend, iot: .suspend, sts: .suspend, code)
    }

    @Test(
        "A response that is not from the service suspends the account-Region",
        arguments: [
            (404, "<html>Not Found</html>"), (405, ""), (403, "<h1>Forbidden by the proxy</h1>"), (407, ""), (302, ""),
            (400, "no"), (404, #"{"__type": "UnknownOperationException"}"#), (200, "<html>Please sign in</html>"),
        ])
    func nonJSONResponse(status: Int, body: String) async throws {
        let reply = ScriptedAWS.reply(status, body)
        let found = try await consequences(of: reply)
        #expect(found[.securityHub] == .suspend && found[.iot] == .suspend, "\(status) \(body)")
    }

    @Test(
        "Temporary and unknown errors are retried",
        arguments: [
            (500, "InternalException"), (503, ""), (502, "<html>"), (504, ""), (429, "TooManyRequestsException"),
            (400, "ThrottlingException"), (408, ""), (400, "IDPCommunicationError"), (400, "SomethingNew"),
            (409, "ConflictException"), (413, "RequestEntityTooLarge"), (418, "Teapot"),
        ])
    func passing(status: Int, code: String) async throws {
        let reply =
            code.hasPrefix("<") || code.isEmpty ? ScriptedAWS.reply(status, code) : ScriptedAWS.fault(status, code)
        try await expect(reply, hub: .retry, iot: .retry, sts: .retry, "\(status) \(code)")
    }

    @Test(
        "One malformed name does not make a page unreadable",
        arguments: [
            (#"\ud83d"#, "\u{FFFD}"), (#"\uDE97x"#, "\u{FFFD}x"), (#"\ud83d\ud83d\ude97"#, "\u{FFFD}\u{1F697}"),
            (#"\ud83d\n\\ud83d\"\u00e9"#, "\u{FFFD}\n\\ud83d\"é"), (#"a\ud83d\u0041"#, "a\u{FFFD}A"),
        ])
    func unreadableName(escaped: String, text: String) async throws {
        let body = #"{"Findings": [{"Id": "1"}, {"Id": "\#(escaped)"}, {"Id": "\ud83d\ude97"}]}"#
        let page = try await client(ScriptedAWS([ScriptedAWS.reply(200, body)])).getFindings(
            filters: [:], region: region)
        #expect(page.elements.map { $0["Id"]?.string } == ["1", text, "\u{1F697}"])
        let findings = body.replacing("Findings", with: "findings")
        let audited = try await client(ScriptedAWS([ScriptedAWS.reply(200, findings)])).listAuditFindings(
            taskID: "t", region: region)
        #expect(try audited.elements.map { try $0.parsed() } == page.elements)
    }

    @Test("Bytes that are not UTF-8 do not make a page unreadable")
    func unreadableBytes() async throws {
        let body = Array(#"{"Findings": [{"Id": "1"}, {"Id": "a"#.utf8) + [0xFF, 0xC3] + Array(#""}]}"#.utf8)
        let page = try await client(ScriptedAWS([.success((.init(status: .ok), body))])).getFindings(
            filters: [:], region: region)
        #expect(page.elements.map { $0["Id"]?.string } == ["1", "a\u{FFFD}\u{FFFD}"])
    }

    @Test("A malformed JSON object from AWS is retried")
    func malformedResponse() async throws {
        let found = try await consequences(of: ScriptedAWS.reply(200, "  {]"))
        #expect(found[.securityHub] == .retry && found[.iot] == .retry)
    }

    @Test(
        "Audit findings, which are not parsed, are as valid as a parsed response",
        arguments: [
            #"{"findings": [{"a": 1, "a": 2}]}"#, #"{"findings": [{"a": [1}]}"#, #"{"findings": [01]}"#,
            #"{"findings": []} x"#, "<html>", "", String(repeating: "[", count: 65), #"{"findings": {}}"#,
        ])
    func unparsedResponse(body: String) async throws {
        let listing = try await failure {
            try await client(ScriptedAWS([ScriptedAWS.reply(200, body)])).listAuditFindings(
                taskID: "t", region: region)
        }
        let suppressions = body.replacing("findings", with: "suppressions")
        let parsing = try await failure {
            try await client(ScriptedAWS([ScriptedAWS.reply(200, suppressions)])).listAuditSuppressions(region: region)
        }
        #expect((listing.kind, listing.stage) == (parsing.kind, parsing.stage))
    }

    @Test(
        "Without a response, an unsent request suspends and one that may have been sent is retried",
        arguments: [
            (HTTPClientError(.nameNotResolved, "x"), AWSError.Consequence.suspend),
            (HTTPClientError(.connectFailed, "x"), .suspend), (HTTPClientError(.tlsRejected, "x"), .suspend),
            (HTTPClientError(.invalidConfiguration, "x"), .suspend), (HTTPClientError(.other, "x"), .suspend),
            (HTTPClientError(.invalidSigning, "x"), .suspend),
            (HTTPClientError(.timedOut, "x", isUnsent: true), .suspend),
            (HTTPClientError(.connectionLost, "a proxy", isUnsent: true), .suspend),
            (HTTPClientError(.timedOut, "x"), .retry), (HTTPClientError(.connectionLost, "x"), .retry),
            (HTTPClientError(.bodyTooLarge, "x"), .retry), (HTTPClientError(.headTooLarge, "x"), .retry),
            (HTTPClientError(.canceled, "x"), .retry), (HTTPClientError(.invalidRequest, "x"), .reject),
        ])
    func noResponse(error: HTTPClientError, consequence: AWSError.Consequence) async throws {
        try await expect(.failure(error), hub: consequence, iot: consequence, sts: consequence, "\(error.code)")
    }

    @Test("Without credentials or a connection every error except cancellation suspends")
    func total() {
        let kinds: [AWSError.Kind] = [
            .throttled, .transient, .expiredCredentials, .noCredentials, .accessDenied, .notEnabled, .notFound,
            .invalid, .canceled, .other,
        ]
        for service in AWSService.allCases {
            for kind in kinds {
                let found = AWSError.Stage.allCases.map { AWSError.consequence(of: kind, at: $0, of: service) }
                if kind == .canceled {
                    #expect(found.allSatisfy { $0 == .retry })
                } else {
                    #expect(Array(found[..<3]) == [.reject, .suspend, .suspend])
                    #expect(
                        (found[3] == .reject)
                            == (kind == .invalid && service != .sts || kind == .notFound && service == .iot))
                }
            }
        }
    }

    @Test(
        "Every STS error while assuming a role suspends",
        arguments: [
            (400, "ValidationError"), (400, "InvalidIdentityToken"), (400, "IDPCommunicationError"),
            (400, "ExpiredTokenException"), (400, "PackedPolicyTooLarge"), (400, "MalformedPolicyDocument"),
            (403, "RegionDisabledException"), (403, "AccessDenied"), (403, "IDPRejectedClaim"), (400, "SomethingNew"),
            (404, "SomethingNew"), (500, "InternalFailure"), (400, "Throttling"), (200, ""), (404, ""),
        ])
    func assumed(status: Int, code: String) async throws {
        let reply = code.isEmpty ? ScriptedAWS.reply(status, "<html>") : ScriptedAWS.fault(status, code)
        let aws = ScriptedAWS([reply])
        let account = try #require(AccountID("111122223333"))
        var roles = AccountRoles()
        roles.roles[account] = "arn:aws:iam::111122223333:role/r"
        let accounts = AccountClients(
            clients: [try client(aws, retry: RetryPolicy(maximumAttempts: 1))], credentials: FixedCredentials(),
            roles: roles, region: region, sessionName: "test")
        let error = try await failure {
            try await accounts.client(for: AccountRegion(account: account, region: region))
                .getFindings(filters: [:], region: region)
        }
        #expect(error.consequence == .suspend && error.stage == .credentials, "\(error)")
        #expect(aws.requests.count == 1)
    }
}

import AWSClient
import HTTPClient
import HTTPTypes
import JSON
import Testing

@Suite("AWS error responses")
struct AWSErrorTests {
    private func failure(_ reply: ScriptedAWS.Reply, credentials: FixedCredentials = FixedCredentials()) async throws
        -> AWSError
    {
        try await AWSClientTests.failure {
            try await client(
                ScriptedAWS([reply]), credentials: credentials, retry: RetryPolicy(maximumAttempts: 1)
            ).getFindings(filters: [:], region: region)
        }
    }

    @Test(
        "a failure is classified by its code, or by its status if the code is unknown",
        arguments: [
            (429, "LimitExceededException", AWSError.Kind.throttled), (400, "ThrottlingException", .throttled),
            (500, "InternalException", .transient), (400, "InternalFailureException", .transient),
            (403, "ExpiredTokenException", .expiredCredentials), (400, "RequestExpired", .expiredCredentials),
            (403, "AccessDeniedException", .accessDenied), (403, "InvalidClientTokenId", .accessDenied),
            (400, "UnrecognizedClientException", .accessDenied), (403, "SomethingNew", .accessDenied),
            (401, "InvalidAccessException", .accessDenied), (404, "ResourceNotFoundException", .notFound),
            (400, "InvalidInputException", .invalid), (409, "ConflictException", .other), (400, "SomethingNew", .other),
            (599, "New", .transient),
            (302, "Moved", .other),
        ])
    func kinds(status: Int, code: String, kind: AWSError.Kind) async throws {
        let error = try await failure(ScriptedAWS.fault(status, code))
        #expect(error.kind == kind)
        #expect(error.code == code)
        #expect(error.status == status)
    }

    @Test("a disabled Security Hub is reported as not enabled, with its remediation")
    func notEnabled() async throws {
        let message = "Account 111122223333 is not subscribed to AWS Security Hub"
        let error = try await failure(ScriptedAWS.fault(401, "InvalidAccessException", message: message))
        #expect(error.kind == .notEnabled)
        #expect(error.description.contains(message))
        #expect(error.description.contains("Enable AWS Security Hub in this account and Region."))
    }

    @Test(
        "the error code is parsed from the header field and every body format, without namespace and URL",
        arguments: [
            ("InvalidInputException:http://internal.amazon.com/coral/", "{}"),
            ("", #"{"__type": "a.b#InvalidInputException"}"#),
            ("", #"{"code": "InvalidInputException"}"#), ("", #"{"Code": "InvalidInputException"}"#),
            ("", "<ErrorResponse><Error><Code>InvalidInputException</Code></Error></ErrorResponse>"),
        ])
    func names(field: String, body: String) async throws {
        let name = try #require(HTTPField.Name("x-amzn-ErrorType"))
        let error = try await failure(ScriptedAWS.reply(400, body, fields: field.isEmpty ? [:] : [name: field]))
        #expect(error.code == "InvalidInputException")
        #expect(error.kind == .invalid)
    }

    @Test(
        "hostile responses give an error without their bytes",
        arguments: [
            "", "{", "[]", #"{"__type": 1, "message": []}"#, #"{"__type": "<script>"}"#, "<Code></Code>", "<Code>",
            "<Code>a",
            "<Code>&#x41;</Code>", String(repeating: "[", count: 100_000),
            #"{"__type": "A", "message": ""# + String(repeating: "x", count: 70_000) + #""}"#,
        ])
    func hostile(body: String) async throws {
        let error = try await failure(ScriptedAWS.reply(418, body))
        #expect(error.code == nil)
        #expect(error.kind == .other)
        #expect(error.description.utf8.count < 2000)
    }

    @Test("a long message with control characters is truncated and cleaned")
    func longMessage() async throws {
        let error = try await failure(
            ScriptedAWS.fault(
                400, "InvalidInputException", message: "a\\n\\u001b[31mb" + String(repeating: "x", count: 5000)))
        #expect(error.message.hasPrefix("a[31mbxxx"))
        #expect(error.message.count == 1000)
    }

    @Test("the description has what failed, why, what to do, and AWS's request ID")
    func description() async throws {
        let name = try #require(HTTPField.Name("x-amzn-RequestId"))
        let error = try await failure(
            ScriptedAWS.fault(403, "AccessDeniedException", message: "not authorized", fields: [name: "7a62c49f"]))
        for part in [
            "AWS Security Hub GetFindings", "AccessDeniedException", "403", "not authorized", "7a62c49f",
            "Allow securityhub:GetFindings for these credentials, and check the system clock.",
        ] {
            #expect(error.description.contains(part))
        }
    }

    @Test("credentials that AWS quotes are removed, wherever the message is truncated")
    func secrets() async throws {
        for padding in [0, 990] {
            let message =
                String(repeating: "x", count: padding) + "x-amz-security-token:the-session-token the-secret-key"
            let error = try await failure(ScriptedAWS.fault(403, "SignatureDoesNotMatch", message: message))
            #expect(error.kind == .accessDenied)
            #expect(!error.description.contains("the-se"))
        }
    }

    @Test("without credentials nothing is sent, and the error has the reason")
    func noCredentials() async throws {
        let error = try await failure(
            ScriptedAWS.reply(200), credentials: FixedCredentials(result: .failure(CredentialsError("X is not set"))))
        #expect(error.kind == .noCredentials)
        #expect(error.description.contains("X is not set"))
    }

    @Test(
        "a request without a response is classified by the client's error",
        arguments: [
            (HTTPClientError.Code.timedOut, AWSError.Kind.transient), (.connectionLost, .transient),
            (.canceled, .canceled),
            (.invalidRequest, .invalid), (.tlsRejected, .other), (.bodyTooLarge, .other),
        ])
    func transport(code: HTTPClientError.Code, kind: AWSError.Kind) async throws {
        let error = try await failure(.failure(HTTPClientError(code, "the reason")))
        #expect(error.kind == kind)
        #expect(error.status == nil)
        #expect(error.description.contains("the reason"))
    }
}

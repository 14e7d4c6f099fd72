import AWSClient
import Encoding
import HTTPClient
import HTTPTypes
import Synchronization
import Testing

@Suite("Retries")
struct RetryTests {
    // MARK: Delivery policy

    @Test("the delay doubles from the base to the limit, with full jitter")
    func delays() {
        let policy = RetryPolicy(maximumAttempts: 9, baseDelay: .milliseconds(100), maximumDelay: .seconds(1))
        let longest = (1...6).map { policy.delay(afterAttempt: $0, random: 1, retryAfter: nil) }
        #expect(longest == [100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
        #expect(policy.delay(afterAttempt: 3, random: 0.5, retryAfter: nil) == .milliseconds(200))
        #expect(policy.delay(afterAttempt: 3, random: 0, retryAfter: nil) == .zero)
        #expect(policy.delay(afterAttempt: .max, random: 1, retryAfter: nil) == .seconds(1))
        #expect(policy.delay(afterAttempt: .min, random: 7, retryAfter: nil) == .milliseconds(100))
        #expect(policy.delay(afterAttempt: 1, random: -1, retryAfter: nil) == .zero)
        #expect(policy.delay(afterAttempt: 1, random: .nan, retryAfter: nil) == .zero)
    }

    @Test("the service's Retry-After is the minimum delay, up to the limit")
    func retryAfter() {
        let policy = RetryPolicy(maximumDelay: .seconds(20))
        #expect(policy.delay(afterAttempt: 1, random: 0, retryAfter: .seconds(3)) == .seconds(3))
        #expect(policy.delay(afterAttempt: 9, random: 1, retryAfter: .seconds(3)) == .seconds(20))
        #expect(policy.delay(afterAttempt: 1, random: 0, retryAfter: .seconds(86_400)) == .seconds(20))
    }

    // MARK: Reporting

    @Test("each attempt is reported with its result, and its duration excludes waits")
    func reported() async throws {
        let calls = Mutex<[AWSCall]>([])
        let aws = ScriptedAWS([
            ScriptedAWS.fault(429, "TooManyRequestsException"), ScriptedAWS.reply(503),
            ScriptedAWS.reply(200, #"{"taskStatus": "COMPLETED"}"#),
        ])
        let client = try client(aws).reporting { call in calls.withLock { $0.append(call) } }
        _ = try await client.describeAuditTask(id: "t", region: region)
        let reported = calls.withLock { $0 }
        #expect(reported.map(\.failure) == [.throttled, .transient, nil])
        #expect(
            reported.allSatisfy { $0.service == .iot && $0.operation == "DescribeAuditTask" && $0.region == region })
        #expect(reported.allSatisfy { $0.account == nil && $0.duration == .seconds(60) })
    }

    @Test("a call without credentials is reported without a duration")
    func unsigned() async throws {
        let calls = Mutex<[AWSCall]>([])
        let credentials = FixedCredentials(result: .failure(CredentialsError("none", kind: .noCredentials)))
        let client = try client(ScriptedAWS([]), credentials: credentials).reporting { call in
            calls.withLock { $0.append(call) }
        }
        _ = try await failure { try await client.describeAuditTask(id: "t", region: region) }
        #expect(calls.withLock { $0.map(\.failure) } == [.noCredentials])
        #expect(calls.withLock { $0[0].duration } == nil)
    }

    // MARK: Retries

    @Test(
        "throttling and temporary failures are retried until success",
        arguments: [
            ScriptedAWS.fault(429, "TooManyRequestsException"), ScriptedAWS.fault(400, "ThrottlingException"),
            ScriptedAWS.fault(429, "LimitExceededException"), ScriptedAWS.fault(503, "Throttling"),
            ScriptedAWS.fault(400, "RequestLimitExceeded"), ScriptedAWS.fault(500, "InternalException"),
            ScriptedAWS.fault(400, "InternalFailure"), ScriptedAWS.reply(500, "<html>"), ScriptedAWS.reply(502),
            ScriptedAWS.reply(503), ScriptedAWS.reply(504), ScriptedAWS.reply(429), ScriptedAWS.reply(408),
            .failure(HTTPClientError(.connectionLost, "")), .failure(HTTPClientError(.timedOut, "")),
            .failure(HTTPClientError(.connectFailed, "")), .failure(HTTPClientError(.nameNotResolved, "")),
        ])
    func repeated(reply: ScriptedAWS.Reply) async throws {
        let aws = ScriptedAWS([reply, reply, ScriptedAWS.reply(200, "{}")])
        let waits = Waits()
        _ = try await client(aws, waits: waits).describeAuditTask(id: "a", region: region)
        #expect(aws.requests.count == 3)
        #expect(waits.all == [.milliseconds(100), .milliseconds(200)])
    }

    @Test(
        "permanent failures are not retried",
        arguments: [
            ScriptedAWS.fault(400, "InvalidInputException"), ScriptedAWS.fault(403, "AccessDeniedException"),
            ScriptedAWS.fault(403, "ExpiredTokenException"), ScriptedAWS.fault(401, "InvalidAccessException"),
            ScriptedAWS.fault(404, "ResourceNotFoundException"), ScriptedAWS.reply(302),
            ScriptedAWS.reply(404, "<html>"),
            .failure(HTTPClientError(.tlsRejected, "")), .failure(HTTPClientError(.bodyTooLarge, "")),
            .failure(HTTPClientError(.canceled, "")),
        ])
    func notRetried(reply: ScriptedAWS.Reply) async throws {
        let aws = ScriptedAWS([reply, ScriptedAWS.reply(200, "{}")])
        let waits = Waits()
        _ = try await failure {
            try await client(aws, waits: waits).describeAuditTask(id: "a", region: region)
        }
        #expect(aws.requests.count == 1)
        #expect(waits.all == [])
    }

    @Test("after the last attempt the error is thrown")
    func exhausted() async throws {
        let aws = ScriptedAWS(Array(repeating: ScriptedAWS.fault(429, "TooManyRequestsException"), count: 9))
        let error = try await failure {
            try await client(aws, retry: RetryPolicy(maximumAttempts: 3)).describeAuditTask(id: "a", region: region)
        }
        #expect(error.kind == .throttled)
        #expect(aws.requests.count == 3)
    }

    @Test(
        "Retry-After is respected; a value that is not a number of seconds is ignored",
        arguments: [
            ("7", Duration.seconds(7)), ("86400", .seconds(20)), ("-1", .milliseconds(100)), ("", .milliseconds(100)),
            ("99999999999999999999", .milliseconds(100)), ("Wed, 21 Oct 2015 07:28:00 GMT", .milliseconds(100)),
        ])
    func retryAfterField(value: String, wait: Duration) async throws {
        let aws = ScriptedAWS([ScriptedAWS.reply(503, fields: [.retryAfter: value]), ScriptedAWS.reply(200, "{}")])
        let waits = Waits()
        _ = try await client(aws, waits: waits).describeAuditTask(id: "a", region: region)
        #expect(waits.all == [wait])
    }

    @Test("a task canceled while waiting sends nothing more")
    func canceledWait() async throws {
        let aws = ScriptedAWS([ScriptedAWS.reply(503), ScriptedAWS.reply(200, "{}")])
        let endpoints = try Endpoints()
        let error = try await failure {
            try await AWSClient(
                http: aws, credentials: FixedCredentials(), endpoints: endpoints, retry: RetryPolicy(), random: { 1 },
                sleep: { _ in throw CancellationError() }
            ).describeAuditTask(id: "a", region: region)
        }
        #expect(error.kind == .canceled)
        #expect(aws.requests.count == 1)
    }
}

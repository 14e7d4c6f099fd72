import Encoding
import HTTPClient
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

@testable import AWSClient

/// Credentials that are replaced once.
private final class Replaceable: CredentialsProvider {
    private let number = Atomic(1)
    var count: Int { number.load(ordering: .relaxed) }

    private var current: Credentials {
        Credentials(accessKeyID: "ASIA\(count)", secretAccessKey: "s", sessionToken: "t")
    }

    func credentials() async throws(CredentialsError) -> Credentials { current }

    func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials? {
        if rejected == current { number.add(1, ordering: .relaxed) }
        return current
    }
}

@Suite("Recovery within a request")
struct FailureTests {
    @Test(
        "Expired or unknown credentials are renewed, and the request is retried immediately",
        arguments: [(403, "ExpiredTokenException"), (403, "UnrecognizedClientException"), (400, "ExpiredToken")])
    func renewed(status: Int, code: String) async throws {
        let aws = ScriptedAWS([ScriptedAWS.fault(status, code), ScriptedAWS.reply(200, "{}")])
        let (credentials, waits) = (Replaceable(), Waits())
        _ = try await client(aws, credentials: credentials, waits: waits).describeAuditTask(id: "a", region: region)
        #expect(aws.requests.map { $0.signing?.accessKeyID } == ["ASIA1", "ASIA2"])
        #expect(waits.all == [])
    }

    @Test("Credentials are renewed only once per request")
    func renewedOnce() async throws {
        let aws = ScriptedAWS(Array(repeating: ScriptedAWS.fault(403, "ExpiredTokenException"), count: 9))
        let credentials = Replaceable()
        let error = try await failure {
            try await client(aws, credentials: credentials).describeAuditTask(id: "a", region: region)
        }
        #expect(error.kind == .expiredCredentials)
        #expect(aws.requests.count == 2 && credentials.count == 2)
    }

    private static func skewed(_ code: String, date: String) -> ScriptedAWS.Reply {
        ScriptedAWS.fault(403, code, fields: [.date: date])
    }

    @Test(
        "Clock skew is corrected by the response's Date, and remembered for the endpoint",
        arguments: ["RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired"])
    func skew(code: String) async throws {
        // Half an hour later than the test's clock.
        let aws = ScriptedAWS([
            Self.skewed(code, date: "Sun, 22 Nov 2026 10:30:00 GMT"), ScriptedAWS.reply(200, "{}"),
            ScriptedAWS.reply(200, "{}"), ScriptedAWS.reply(200, #"{"Findings": []}"#),
        ])
        let (client, waits) = (try client(aws), Waits())
        for _ in 0..<2 { _ = try await client.describeAuditTask(id: "a", region: region) }
        _ = try await client.getFindings(filters: [:], region: region)
        let dates = ["20261122T100000Z", "20261122T103000Z", "20261122T103000Z", "20261122T100000Z"]
        let expected = zip(dates, ["iot", "iot", "iot", "securityhub"]).map { date, service in
            RequestSigning(
                region: "us-east-1", service: service, accessKeyID: credentials.accessKeyID,
                secretAccessKey: credentials.secretAccessKey, sessionToken: credentials.sessionToken, date: date)
        }
        #expect(aws.requests.map(\.signing) == expected)
        #expect(waits.all == [])
    }

    @Test(
        "Clock skew is computed from code and Date",
        arguments: [
            ("RequestTimeTooSkewed", 240_000, 0, 240_000), ("RequestTimeTooSkewed", 239_999, 0, nil),
            ("RequestTimeTooSkewed", -240_000, 0, -240_000), ("InvalidSignatureException", 600_000, 500_000, nil),
            ("InvalidSignatureException", 600_000, 300_000, 600_000), ("InvalidSignatureException", 0, 300_000, 0),
            ("AccessDeniedException", 600_000, 0, nil), (nil, 600_000, 0, nil), ("RequestTimeTooSkewed", nil, 0, nil),
        ] as [(String?, Int64?, Int64, Int64?)])
    func correction(code: String?, difference: Int64?, offset: Int64, correction: Int64?) {
        let now: Timestamp = 1_795_341_600_000
        #expect(
            ClockSkew.correction(
                code: code, date: difference.map { now + $0 }, now: now, offset: .milliseconds(offset))
                == correction.map { .milliseconds($0) })
    }

    @Test("A throttled request delays later ones, which also wait for its Retry-After")
    func throttled() async throws {
        let aws = ScriptedAWS([
            ScriptedAWS.fault(429, "TooManyRequestsException", fields: [.retryAfter: "3"]),
            ScriptedAWS.reply(200, #"{"Findings": []}"#),
        ])
        let waited = Mutex<[Duration]>([])
        let client = AWSClient(
            http: aws, credentials: AWSClientTests.FixedCredentials(), endpoints: try Endpoints(),
            retry: RetryPolicy(), pacer: Pacer(), random: { 0 },
            clock: AWSClock(now: { 0 }, elapsed: { .zero }, sleep: { wait in waited.withLock { $0.append(wait) } }))
        _ = try await client.getFindings(filters: [:], region: region)
        // The retry delay, and the wait for a token, which the test's clock does not shorten.
        #expect(waited.withLock { $0 } == [.seconds(3), .seconds(3)])
    }
}

import AWSClient
import AWSCore
import Encoding
import HTTPClient
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

/// A stand-in for AWS: responds to each request with the next of its replies, and records the requests.
final class ScriptedAWS: HTTPTransport {
    struct Request: Sendable {
        let head: HTTPRequest
        let body: [UInt8]
        let signing: RequestSigning?

        var json: JSON? { try? JSON(parsing: body) }
    }

    typealias Reply = Result<(HTTPResponse, [UInt8]), HTTPClientError>

    private let state: Mutex<(replies: [Reply], requests: [Request])>

    init(_ replies: [Reply]) { state = Mutex((replies, [])) }

    var requests: [Request] { state.withLock { $0.requests } }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        let reply: Reply = state.withLock { state in
            state.requests.append(Request(head: request, body: body, signing: signing))
            return state.replies.isEmpty
                ? .failure(HTTPClientError(.other, "nothing more in the script")) : state.replies.removeFirst()
        }
        let (response, body) = try reply.get()
        return (response, body)
    }

    static func reply(_ status: Int, _ body: String = "", fields: HTTPFields = [:]) -> Reply {
        .success((HTTPResponse(status: .init(code: status), headerFields: fields), Array(body.utf8)))
    }

    /// An error in the restJson1 format.
    static func fault(_ status: Int, _ code: String, message: String = "no", fields: HTTPFields = [:]) -> Reply {
        reply(status, #"{"__type": "\#(code)", "message": "\#(message)"}"#, fields: fields)
    }
}

/// The recorded sleeps of a client, which return immediately.
final class Waits: Sendable {
    private let durations = Mutex<[Duration]>([])
    var all: [Duration] { durations.withLock { $0 } }
    private let minutes = Atomic(0)
    /// A time at which no request has to wait for a token.
    func nextMinute() -> Duration { .seconds(60 * minutes.add(1, ordering: .relaxed).newValue) }
    func add(_ duration: Duration) { durations.withLock { $0.append(duration) } }
}

let region: Region = {
    guard let region = Region("us-east-1") else { preconditionFailure("us-east-1 is a Region") }
    return region
}()

let credentials = Credentials(
    accessKeyID: "AKIDEXAMPLE", secretAccessKey: "the-secret-key", sessionToken: "the-session-token")

struct FixedCredentials: CredentialsProvider {
    var result: Result<Credentials, CredentialsError> = .success(AWSClientTests.credentials)
    func credentials() async throws(CredentialsError) -> Credentials { try result.get() }
}

/// A client of a scripted AWS, always with the maximum jitter.
func client(
    _ aws: ScriptedAWS, credentials: any CredentialsProvider = FixedCredentials(),
    environment: [String: String] = [:], retry: RetryPolicy = RetryPolicy(), waits: Waits = Waits()
) throws -> AWSClient {
    AWSClient(
        http: aws, credentials: credentials, endpoints: try Endpoints(environment: environment), retry: retry,
        pacer: Pacer(), random: { 1 },
        clock: AWSClock(now: { 1_795_341_600_000 }, elapsed: { waits.nextMinute() }, sleep: { waits.add($0) }))
}

/// The error thrown by a closure.
func failure<Value>(
    sourceLocation: SourceLocation = #_sourceLocation, of body: () async throws -> Value
) async throws -> AWSError {
    try await #require(throws: AWSError.self, sourceLocation: sourceLocation) { _ = try await body() }
}

import AWSCore
public import EventLoop
import HTTPClient
import HTTPTypes
import JSON

/// The operations of AWS that the bridge needs, each signed, and repeated when it failed for now.
public struct AWSClient: Sendable {
    private let http: any HTTPTransport
    private let credentials: any CredentialsProvider
    private let endpoints: Endpoints
    private let retry: RetryPolicy
    private let random: @Sendable () -> Double
    private let sleep: @Sendable (Duration) async throws -> Void

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - http: carries the requests, over TLS to AWS's public endpoints.
    ///   - loop: whose clock measures the time between attempts.
    public init(
        http: any HTTPTransport, credentials: any CredentialsProvider, endpoints: Endpoints, loop: EventLoop,
        retry: RetryPolicy = RetryPolicy()
    ) {
        self.init(
            http: http, credentials: credentials, endpoints: endpoints, retry: retry,
            random: { Double.random(in: 0...1) }, sleep: { try await loop.sleep(for: $0) })
    }

    /// Makes a client with a chance and a clock of the caller's choice.
    ///
    /// - Parameters:
    ///   - random: gives numbers from 0 to 1, for the jitter.
    ///   - sleep: waits between attempts; throws only when the task is canceled.
    public init(
        http: any HTTPTransport, credentials: any CredentialsProvider, endpoints: Endpoints, retry: RetryPolicy,
        random: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.http = http
        self.credentials = credentials
        self.endpoints = endpoints
        self.retry = retry
        self.random = random
        self.sleep = sleep
    }

    /// Carries an operation out: the body of a response of status 2xx.
    func perform(_ operation: Operation, in region: Region) async throws(AWSError) -> [UInt8] {
        var attempt = 1
        while true {
            switch try await send(operation, in: region) {
            case .success(let body): return body
            case .failure(let failure):
                guard retry.repeats(failure.error.kind, afterAttempt: attempt) else { throw failure.error }
                let delay = retry.delay(afterAttempt: attempt, random: random(), retryAfter: failure.retryAfter)
                do {
                    try await sleep(delay)
                } catch {
                    throw operation.error(.canceled, "canceled while it waited for its next attempt")
                }
                attempt += 1
            }
        }
    }

    /// Carries an operation out whose response is JSON.
    func performForJSON(_ operation: Operation, in region: Region) async throws(AWSError) -> JSON {
        let body = try await perform(operation, in: region)
        do {
            return try JSON(parsing: body, limits: JSONLimits(depth: 64, values: 1_000_000))
        } catch {
            throw operation.malformed("\(error)")
        }
    }

    /// An attempt that failed for now or for good.
    private struct Failure: Error {
        let error: AWSError
        var retryAfter: Duration?
    }

    private func send(_ operation: Operation, in region: Region) async throws(AWSError) -> Result<[UInt8], Failure> {
        let credentials: Credentials
        do {
            credentials = try await self.credentials.credentials()
        } catch {
            throw operation.error(.noCredentials, error.description)
        }
        let endpoint = endpoints.endpoint(of: operation.service, in: region)
        let signing = RequestSigning(
            region: region.name, service: operation.service.signingName, accessKeyID: credentials.accessKeyID,
            secretAccessKey: credentials.secretAccessKey, sessionToken: credentials.sessionToken)
        do {
            let (response, body) = try await http.send(
                operation.request(to: endpoint), body: operation.body, signing: signing)
            if response.status.kind == .successful { return .success(body) }
            let fault = Fault(response, body: body, hiding: credentials)
            return .failure(
                Failure(
                    error: operation.error(fault),
                    retryAfter: RetryPolicy.retryAfter(response.headerFields[.retryAfter])))
        } catch {
            return .failure(Failure(error: operation.error(error)))
        }
    }
}

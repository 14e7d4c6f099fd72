package import AWSCore
import Encoding
package import EventLoop
import HTTPClient
import HTTPTypes
import JSON

/// A client for the AWS operations that the bridge uses: signs requests, keeps to AWS's rate limits, and retries
/// transient failures.
///
/// Renews expired credentials and corrects for clock skew without the caller's involvement.
package struct AWSClient: Sendable {
    private var http: any HTTPTransport
    let credentials: any CredentialsProvider
    private let endpoints: Endpoints
    private let retry: RetryPolicy
    private let random: @Sendable () -> Double
    private let offsets: ClockOffsets
    /// The account of the credentials, if known; requests of one account share a rate limit.
    private let account: AccountID?
    let pacer: Pacer
    private var report: @Sendable (AWSCall) -> Void = { _ in }
    /// The client's clock.
    package private(set) var clock: AWSClock

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - http: sends the requests, over TLS to AWS's public endpoints.
    ///   - loop: runs the waits between attempts.
    package init(
        http: any HTTPTransport, credentials: any CredentialsProvider, endpoints: Endpoints, loop: EventLoop,
        retry: RetryPolicy = RetryPolicy(), pacer: Pacer = Pacer()
    ) {
        self.init(
            http: http, credentials: credentials, endpoints: endpoints, retry: retry, pacer: pacer,
            random: { Double.random(in: 0...1) }, clock: AWSClock(loop: loop))
    }

    /// Makes a client with its own randomness and sleep.
    ///
    /// - Parameters:
    ///   - random: returns numbers from 0 to 1, for the jitter.
    ///   - sleep: waits between attempts; throws only when the task is canceled.
    package init(
        http: any HTTPTransport, credentials: any CredentialsProvider, endpoints: Endpoints, retry: RetryPolicy,
        random: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.init(
            http: http, credentials: credentials, endpoints: endpoints, retry: retry, pacer: Pacer(), random: random,
            clock: AWSClock(sleep: sleep))
    }

    /// Makes a client with its own randomness and clock.
    ///
    /// - Parameters:
    ///   - pacer: limits the request rate; all clients of a process share one.
    ///   - random: returns numbers from 0 to 1, for the jitter.
    package init(
        http: any HTTPTransport, credentials: any CredentialsProvider, endpoints: Endpoints, retry: RetryPolicy,
        pacer: Pacer, random: @escaping @Sendable () -> Double, clock: AWSClock
    ) {
        self.init(
            http: http, credentials: credentials, endpoints: endpoints, retry: retry, pacer: pacer, random: random,
            clock: clock, account: nil, offsets: ClockOffsets())
    }

    private init(
        http: any HTTPTransport, credentials: any CredentialsProvider, endpoints: Endpoints, retry: RetryPolicy,
        pacer: Pacer, random: @escaping @Sendable () -> Double, clock: AWSClock, account: AccountID?,
        offsets: ClockOffsets
    ) {
        self.http = http
        self.credentials = credentials
        self.endpoints = endpoints
        self.retry = retry
        self.pacer = pacer
        self.random = random
        self.clock = clock
        self.account = account
        self.offsets = offsets
    }

    /// The same client with other credentials.
    ///
    /// - Parameter account: the account of the credentials; nil if it is not known.
    func using(_ credentials: any CredentialsProvider, account: AccountID? = nil) -> AWSClient {
        var client = AWSClient(
            http: http, credentials: credentials, endpoints: endpoints, retry: retry, pacer: pacer, random: random,
            clock: clock, account: account, offsets: offsets)
        client.report = report
        return client
    }

    /// The same client, whose requests and waits run on another loop. Both keep to the same rate limits.
    ///
    /// - Parameter http: sends the requests on that loop.
    package func on(_ loop: EventLoop, sendingBy http: any HTTPTransport) -> AWSClient {
        var client = self
        client.http = http
        client.clock.sleep = { try await loop.sleep(for: $0) }
        client.clock.executor = loop
        return client
    }

    /// The same client, which reports each attempt at a call.
    package func reporting(to report: @escaping @Sendable (AWSCall) -> Void) -> AWSClient {
        var client = self
        client.report = report
        return client
    }

    /// Whether an import, and several after it, could be sent immediately, so that waiting for a fuller batch saves
    /// nothing.
    package func hasImportHeadroom(region: Region) -> Bool {
        let key = Pacer.Key(account: account, region: region, service: .securityHub, operation: "BatchImportFindings")
        return pacer.hasHeadroom(key, now: clock.elapsed())
    }

    // MARK: Requests

    /// Performs an operation and parses its JSON response.
    func performForJSON(_ operation: Operation, in region: Region) async throws(AWSError) -> JSON {
        try await perform(operation, in: region) { body, limits throws(JSONError) in
            try JSON(parsing: body, limits: limits)
        }
    }

    /// Performs an operation and checks its JSON response, as strictly as ``performForJSON(_:in:)`` and with the same
    /// errors.
    func performForSlice(_ operation: Operation, in region: Region) async throws(AWSError) -> JSONSlice {
        try await perform(operation, in: region) { body, limits throws(JSONError) in
            try JSONSlice(checking: body, limits: limits)
        }
    }

    private func perform<Value>(
        _ operation: Operation, in region: Region,
        reading read: (_ body: [UInt8], JSONLimits) throws(JSONError) -> Value
    ) async throws(AWSError) -> Value {
        let body = try await perform(operation, in: region)
        let limits = JSONLimits(depth: 64, values: 1_000_000)
        do throws(JSONError) {
            return try read(body, limits)
        } catch {
            if let repaired = try? read(TextRepair.repaired(body), limits) { return repaired }
            // HTML from a proxy or a captive portal.
            guard body.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") else {
                throw operation.nonJSONResponse()
            }
            throw operation.malformedResponse("\(error)")
        }
    }

    /// Performs an operation and returns the body of its 2xx response.
    func perform(_ operation: Operation, in region: Region) async throws(AWSError) -> [UInt8] {
        let key = Pacer.Key(account: account, region: region, service: operation.service, operation: operation.name)
        var attempt = 1
        var isRenewed = false
        var isCorrected = false
        var replacement: Credentials?
        while true {
            try await wait(for: pacer.reserve(key, now: clock.elapsed()), operation)
            let used =
                if let replacement { replacement } else { try await currentCredentials(operation, in: region) }
            let failure: AttemptError
            let start = clock.elapsed()
            let result = await send(operation, in: region, signedBy: used)
            reportAttempt(operation, in: region, result, since: start)
            switch result {
            case .success(let (body, _)):
                pacer.record(key, isThrottled: false, retryAfter: nil, now: clock.elapsed())
                return body
            case .failure(let reason): failure = reason
            }
            pacer.record(
                key, isThrottled: failure.error.kind == .throttled, retryAfter: failure.retryAfter,
                now: clock.elapsed())
            if !isCorrected, let correction = failure.correction {
                isCorrected = true
                offsets.set(correction, of: failure.authority)
                continue
            }
            if !isRenewed, let used, failure.error.mayBeFixedByNewCredentials {
                isRenewed = true
                replacement = try await replacementCredentials(than: used, operation)
                if replacement != nil { continue }
            }
            guard retry.shouldRetry(failure.error.kind, afterAttempt: attempt) else { throw failure.error }
            let delay = retry.delay(afterAttempt: attempt, random: random(), retryAfter: failure.retryAfter)
            try await wait(for: delay, operation)
            attempt += 1
            replacement = nil
        }
    }

    private func reportAttempt(
        _ operation: Operation, in region: Region, _ result: AttemptResult, since start: Duration
    ) {
        var call = AWSCall(
            service: operation.service, operation: operation.name, account: account, region: region,
            failure: result.failure?.error.kind, duration: clock.elapsed() - start)
        switch result {
        case .success(let (_, response)):
            call.status = response.status.code
            call.requestID = AWSErrorResponse.requestID(of: response)
        case .failure(let failure):
            (call.status, call.code, call.requestID) = (
                failure.error.status, failure.error.code, failure.error.requestID
            )
        }
        report(call)
    }

    private func wait(for delay: Duration, _ operation: Operation) async throws(AWSError) {
        guard delay > .zero else { return }
        do {
            try await clock.sleep(delay)
        } catch {
            throw operation.error(.canceled, "canceled while waiting for the next attempt")
        }
    }

    private func currentCredentials(
        _ operation: Operation, in region: Region
    ) async throws(AWSError) -> Credentials? {
        guard operation.isSigned else { return nil }
        do throws(CredentialsError) {
            return try await credentials.credentials()
        } catch {
            report(
                AWSCall(
                    service: operation.service, operation: operation.name, account: account, region: region,
                    failure: error.kind, duration: nil))
            throw operation.error(error)
        }
    }

    private func replacementCredentials(
        than rejected: Credentials, _ operation: Operation
    ) async throws(AWSError) -> Credentials? {
        do throws(CredentialsError) {
            return try await credentials.credentials(replacing: rejected)
        } catch {
            throw operation.error(error)
        }
    }

    // MARK: One attempt

    /// Why one attempt failed.
    private struct AttemptError: Error {
        let error: AWSError
        /// The authority that it was sent to.
        let authority: String
        var retryAfter: Duration?
        /// The clock offset to retry with, if clock skew is the cause.
        var correction: Duration?
    }

    private typealias AttemptResult = Result<(body: [UInt8], response: HTTPResponse), AttemptError>

    private func send(
        _ operation: Operation, in region: Region, signedBy credentials: Credentials?
    ) async -> AttemptResult {
        let endpoint = endpoints.endpoint(of: operation.service, in: region)
        let offset = offsets.offset(of: endpoint.authority)
        let signing = credentials.map { credentials in
            RequestSigning(
                region: region.name, service: operation.service.signingName, accessKeyID: credentials.accessKeyID,
                secretAccessKey: credentials.secretAccessKey, sessionToken: credentials.sessionToken,
                date: (clock.now() + offset).amzDate)
        }
        do {
            let (response, body) = try await http.send(
                operation.request(to: endpoint), body: operation.body, signing: signing)
            if let date = response.headerFields[.date] { clock.serviceTime.record(date, elapsed: clock.elapsed()) }
            if response.status.kind == .successful { return .success((body, response)) }
            let errorResponse = AWSErrorResponse(response, body: body, hiding: credentials)
            return .failure(
                AttemptError(
                    error: operation.error(errorResponse), authority: endpoint.authority,
                    retryAfter: RetryPolicy.retryAfter(response.headerFields[.retryAfter]),
                    correction: ClockSkew.correction(
                        code: errorResponse.code,
                        date: response.headerFields[.date].flatMap { Timestamp(httpDate: $0) },
                        now: clock.now(), offset: offset)))
        } catch {
            return .failure(AttemptError(error: operation.error(error), authority: endpoint.authority))
        }
    }
}

extension Result {
    /// The error; nil on success.
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}

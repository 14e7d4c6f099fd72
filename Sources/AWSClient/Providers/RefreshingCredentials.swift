import Encoding

/// Credentials that are fetched on first use and renewed before they expire. Concurrent callers share one fetch.
actor RefreshingCredentials: CredentialsProvider {
    typealias Fetch = @Sendable () async throws(CredentialsError) -> Credentials

    private let clock: AWSClock
    private let fetch: Fetch
    /// The credentials, and when they were fetched: by AWS's clock if known, and by the monotonic clock, so that later
    /// changes of the system clock do not change their age.
    private var held: (credentials: Credentials, obtainedAt: Timestamp, elapsed: Duration)?
    private let fetches: SingleFlight<OnlyKey, Result<Credentials, CredentialsError>>
    private var failures = 0
    /// The earliest time of the next attempt after a failure, by the monotonic clock.
    private var notBefore: Duration?
    private var lastFailure: CredentialsError?
    private var isClosed = false

    /// - Parameter fetch: fetches credentials; called for the first ones and for each renewal.
    init(clock: AWSClock, fetch: @escaping Fetch) {
        self.clock = clock
        self.fetch = fetch
        fetches = SingleFlight(executor: clock.executor)
    }

    func credentials() async throws(CredentialsError) -> Credentials {
        guard let held else { return try await fetched() }
        let action = RefreshRule.action(
            of: held.credentials, obtainedAt: held.obtainedAt, now: held.obtainedAt + (clock.elapsed() - held.elapsed),
            notBefore: notBefore.map { held.obtainedAt + ($0 - held.elapsed) } ?? .earliest)
        switch action {
        case .use: return held.credentials
        case .useAndRefresh:
            _ = startFetching()
            return held.credentials
        case .refreshOrUse:
            do { return try await fetched() } catch { return held.credentials }
        case .refresh: return try await fetched()
        }
    }

    func credentials(replacing rejected: Credentials) async throws(CredentialsError) -> Credentials? {
        if let held, held.credentials != rejected { return held.credentials }
        // New credentials that are rejected immediately are rejected for another reason.
        if let held, clock.elapsed() - held.elapsed < .seconds(10) { return nil }
        let next = try await fetched()
        return next.accessKeyID == rejected.accessKeyID && next.sessionToken == rejected.sessionToken ? nil : next
    }

    private func fetched() async throws(CredentialsError) -> Credentials {
        if !fetches.isRunning(.only), let lastFailure, let notBefore, clock.elapsed() < notBefore { throw lastFailure }
        return try await startFetching().value.get()
    }

    private func startFetching() -> SingleFlight<OnlyKey, Result<Credentials, CredentialsError>>.Flight {
        fetches.start(.only) { [isClosed, fetch] in
            let result: Result<Credentials, CredentialsError>
            do throws(CredentialsError) {
                guard !isClosed else { throw CredentialsError("the client was closed", kind: .canceled) }
                result = .success(try await fetch())
            } catch {
                result = .failure(error)
            }
            await self.finish(result)
            return result
        }
    }

    private func finish(_ result: Result<Credentials, CredentialsError>) {
        switch result {
        case .success(let credentials):
            held = (credentials, clock.present, clock.elapsed())
            (failures, lastFailure, notBefore) = (0, nil, nil)
        case .failure(let error):
            failures += 1
            lastFailure = error
            notBefore = clock.elapsed() + RefreshRule.backoff.delay(afterFailures: failures)
        }
    }

    /// Cancels a pending fetch, waits for its end, and prevents further ones.
    func close() async {
        isClosed = true
        await fetches.cancel()
    }
}

import AWSCore
import Cryptography
import Encoding
import ErrorCodes
import SNS
import Synchronization
import TestSupport
import Testing

// The time limit ends tests that would wait forever for an unexpected fetch.
@Suite("SigningCertificateCache", .timeLimit(.minutes(15)))
struct SigningCertificateCacheTests {
    private typealias Failure = SigningCertificateCache.FetchError

    private static func cache(
        _ fetch: ControlledFetch, report: @escaping @Sendable (SNSError.Kind?) -> Void = { _ in }
    ) async throws -> SigningCertificateCache {
        SigningCertificateCache(authorities: try await Signer.shared.trustStore(), report: report) {
            url throws(Failure) in
            try await fetch(url)
        }
    }

    /// A time at which the host's token bucket is full again.
    private static func later(_ step: Int) -> Timestamp {
        Envelope.now + FetchRateLimiter.interval * (step * FetchRateLimiter.burst)
    }

    private static func url(_ name: String = "a", region: String = "us-east-1") throws -> SigningCertificateURL {
        let topic = try #require(ARN("arn:aws:sns:\(region):111122223333:t"))
        return try SigningCertificateURL(
            "https://sns.\(region).amazonaws.com/SimpleNotificationService-\(name).pem", topic: topic)
    }

    private static func rejection(
        _ cache: SigningCertificateCache, _ url: SigningCertificateURL, now: Timestamp = Envelope.now,
        elapsed: Duration? = nil
    ) async -> SNSError? {
        do throws(SNSError) {
            try await cache.certificate(at: url, now: now, elapsed: elapsed ?? now - .earliest).checkValidity(now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("each fetch is reported once, and expiries include its certificate")
    func told() async throws {
        let told = Mutex<[SNSError.Kind?]>([])
        let fetch = ControlledFetch(.failure(.unreachable("x")))
        let cache = try await Self.cache(fetch) { kind in told.withLock { $0.append(kind) } }
        #expect(await Self.rejection(cache, try Self.url())?.kind == .unavailable)
        #expect(cache.expiries.isEmpty)
        fetch.answer(.failure(.status(404)))
        #expect(await Self.rejection(cache, try Self.url("b"))?.kind == .rejected)
        fetch.answer(.success(try await Signer.shared.certificate()))
        for _ in 0..<2 { #expect(await Self.rejection(cache, try Self.url("c")) == nil) }
        #expect(told.withLock { $0 } == [.unavailable, .rejected, nil])
        let end = try Certificate(pem: try await Signer.shared.certificate()).notAfter
        #expect(cache.expiries == [try #require(Region("us-east-1")): end])
    }

    @Test("concurrent requests for a certificate share one fetch")
    func singleFlight() async throws {
        let fetch = ControlledFetch(nil)
        let (cache, url, executor) = (try await Self.cache(fetch), try Self.url(), ManualExecutor())
        let waiters = (0..<20).map { _ in
            Task(executorPreference: executor) { await Self.rejection(cache, url) }
        }
        executor.drain()
        await fetch.waitUntilHeld(1)
        executor.letGo()
        fetch.release(.success(try await Signer.shared.certificate()))
        for waiter in waiters { #expect(await waiter.value == nil) }
        #expect(fetch.urls == [url.description])
    }

    @Test("concurrent requests share a failed fetch, and the next request retries")
    func sharedFailure() async throws {
        let fetch = ControlledFetch(nil)
        let (cache, url, executor) = (try await Self.cache(fetch), try Self.url(), ManualExecutor())
        let waiters = (0..<20).map { _ in
            Task(executorPreference: executor) { await Self.rejection(cache, url) }
        }
        executor.drain()
        await fetch.waitUntilHeld(1)
        executor.letGo()
        fetch.release(.failure(.status(500)))
        for waiter in waiters { #expect(await waiter.value?.code.rawValue == "signing_certificate_unavailable") }
        #expect(fetch.urls.count == 1)
        fetch.answer(.success(try await Signer.shared.certificate()))
        #expect(await Self.rejection(cache, url) == nil)
        #expect(fetch.urls.count == 2)
    }

    @Test("a canceled request cancels neither the others nor the fetch")
    func cancellation() async throws {
        let fetch = ControlledFetch(nil)
        let (cache, url, executor) = (try await Self.cache(fetch), try Self.url(), ManualExecutor())
        let first = Task(executorPreference: executor) { await Self.rejection(cache, url) }
        let second = Task(executorPreference: executor) { await Self.rejection(cache, url) }
        executor.drain()
        await fetch.waitUntilHeld(1)
        first.cancel()
        executor.letGo()
        fetch.release(.success(try await Signer.shared.certificate()))
        #expect(await second.value == nil)
        _ = await first.value
        #expect(await Self.rejection(cache, url) == nil)
        #expect(fetch.urls.count == 1)
    }

    @Test("concurrent fetches are limited, and more are unavailable")
    func fetchLimit() async throws {
        let fetch = ControlledFetch(nil)
        let (cache, executor) = (try await Self.cache(fetch), ManualExecutor())
        let urls = try (0...SigningCertificateCache.maximumFetches).map {
            try Self.url("n\($0)", region: $0.isMultiple(of: 2) ? "us-east-1" : "us-west-2")
        }
        let waiters = urls.dropLast().map { url in
            Task(executorPreference: executor) { await Self.rejection(cache, url) }
        }
        executor.drain()
        await fetch.waitUntilHeld(SigningCertificateCache.maximumFetches)
        #expect(await Self.rejection(cache, urls[urls.count - 1])?.kind == .unavailable)
        executor.letGo()
        fetch.release(.success(try await Signer.shared.certificate()))
        for waiter in waiters { #expect(await waiter.value == nil) }
        #expect(fetch.urls.count == SigningCertificateCache.maximumFetches)
        #expect(await Self.rejection(cache, urls[urls.count - 1]) == nil)
    }

    @Test(
        "temporary failures are not cached",
        arguments: [
            Failure.status(500), .status(503), .status(302), .status(403), .status(429), .unreachable("timeout"),
        ])
    func transient(failure: SigningCertificateCache.FetchError) async throws {
        let fetch = ControlledFetch(.failure(failure))
        let (cache, url) = (try await Self.cache(fetch), try Self.url())
        for _ in 0..<2 {
            let rejection = await Self.rejection(cache, url)
            #expect(rejection?.code.rawValue == "signing_certificate_unavailable")
            #expect(rejection?.kind == .unavailable)
        }
        #expect(fetch.urls.count == 2)
    }

    @Test("the reason of a failure is truncated for the log")
    func longReason() async throws {
        let fetch = ControlledFetch(.failure(.unreachable(String(repeating: "x", count: 10_000))))
        let rejection = try #require(await Self.rejection(try await Self.cache(fetch), try Self.url()))
        #expect(rejection.message.utf8.count < 400)
    }

    @Test(
        "permanent failures are cached for a minute",
        arguments: [
            Failure.status(404), .status(410), .tooLarge,
        ])
    func permanent(failure: SigningCertificateCache.FetchError) async throws {
        let fetch = ControlledFetch(.failure(failure))
        let (cache, url) = (try await Self.cache(fetch), try Self.url())
        for now in [Envelope.now, Envelope.now + (SigningCertificateCache.rejectionLifetime - .milliseconds(1))] {
            let rejection = await Self.rejection(cache, url, now: now)
            #expect(rejection?.code.rawValue == "signing_certificate_refused")
            #expect(rejection?.kind == .rejected)
        }
        #expect(fetch.urls.count == 1)
        fetch.answer(.success(try await Signer.shared.certificate()))
        let later = Envelope.now + SigningCertificateCache.rejectionLifetime
        #expect(await Self.rejection(cache, url, now: later) == nil)
        #expect(fetch.urls.count == 2)
    }

    @Test("a body that is not a signing certificate is rejected and cached")
    func wrongBodies() async throws {
        let signer = try await Signer.shared
        let genuine = try signer.certificate()
        for (index, body) in [
            [], Array("<html>".utf8), genuine + genuine, try signer.key.pem(),
            try signer.certificate(commonName: "sns.amazonaws.com.evil.example"),
            try signer.certificate(commonName: "SNS.amazonaws.com"),
            try signer.certificate(commonName: "sns.amazonaws.com", dnsNames: ["evil.example"]),
            try signer.certificate(commonName: "a", dnsNames: ["*.amazonaws.com"]),
            try signer.certificate(key: PrivateKey(generating: .p256)),
            try signer.certificate(key: await signer.otherKey("RSA", bits: 1024)),
            try signer.certificate(key: await signer.otherKey("RSA", bits: 2040)),
            try signer.certificate(key: await signer.otherKey("RSA-PSS", bits: 2048)),
        ].enumerated() {
            let fetch = ControlledFetch(.success(body))
            let (cache, url) = (try await Self.cache(fetch), try Self.url())
            #expect(await Self.rejection(cache, url)?.code.rawValue == "signing_certificate_refused", "body \(index)")
            #expect(await Self.rejection(cache, url)?.kind == .rejected, "body \(index)")
            #expect(fetch.urls.count == 1, "body \(index)")
        }
    }

    @Test("a certificate must have its Region's name as a DNS name, or else as common name")
    func names() async throws {
        let signer = try await Signer.shared
        let named = try signer.certificate(
            commonName: "x", dnsNames: ["sns.af-south-1.amazonaws.com", "sns-signing.af-south-1.amazonaws.com"])
        let common = try signer.certificate(commonName: "sns-signing.af-south-1.amazonaws.com")
        for body in [named, common] {
            let fetch = ControlledFetch(.success(body))
            #expect(await Self.rejection(try await Self.cache(fetch), try Self.url(region: "af-south-1")) == nil)
            let other = await Self.rejection(try await Self.cache(fetch), try Self.url(region: "us-east-1"))
            #expect(other?.message.contains("sns.amazonaws.com") == true)
        }
    }

    @Test("a certificate outside of its validity is unavailable, because the clock may be wrong")
    func validity() async throws {
        let fetch = ControlledFetch(.success(try await Signer.shared.certificate(validity: 1000...2000)))
        let (cache, url) = (try await Self.cache(fetch), try Self.url())
        #expect(await Self.rejection(cache, url, now: 999_999)?.code.rawValue == "signing_certificate_not_valid")
        #expect(await Self.rejection(cache, url, now: 1_000_000) == nil)
        #expect(await Self.rejection(cache, url, now: 2_000_999) == nil)
        #expect(await Self.rejection(cache, url, now: 2_001_000)?.kind == .unavailable)
        #expect(fetch.urls.count == 1)
    }

    @Test("a full cache evicts the least recently used certificate")
    func leastRecentlyUsed() async throws {
        let fetch = ControlledFetch(.success(try await Signer.shared.certificate()))
        let cache = try await Self.cache(fetch)
        let urls = try (0...SigningCertificateCache.maximumCertificates).map { try Self.url("n\($0)") }
        for (step, url) in urls.dropLast().enumerated() {
            #expect(await Self.rejection(cache, url, now: Self.later(step)) == nil)
        }
        let now = Self.later(urls.count)
        #expect(await Self.rejection(cache, urls[0], now: now) == nil)
        #expect(fetch.urls.count == SigningCertificateCache.maximumCertificates)
        #expect(await Self.rejection(cache, urls[urls.count - 1], now: now) == nil)
        #expect(await Self.rejection(cache, urls[0], now: now) == nil)
        #expect(fetch.urls.count == SigningCertificateCache.maximumCertificates + 1)
        #expect(await Self.rejection(cache, urls[1], now: now) == nil)
        #expect(fetch.urls.count == SigningCertificateCache.maximumCertificates + 2)
    }

    @Test("cached failures evict each other, but no certificate")
    func inventedCertificates() async throws {
        let fetch = ControlledFetch(.success(try await Signer.shared.certificate()))
        let (cache, url) = (try await Self.cache(fetch), try Self.url())
        #expect(await Self.rejection(cache, url) == nil)
        fetch.answer(.failure(.status(404)))
        // From so many hosts that no rate limit is reached, at one time, so that nothing expires.
        let regions = (0...SigningCertificateCache.maximumRejections).map { "eu-west-\($0)" }
        for region in regions { #expect(await Self.rejection(cache, try Self.url(region: region)) != nil) }
        let count = fetch.urls.count
        #expect(await Self.rejection(cache, url) == nil)
        #expect(await Self.rejection(cache, try Self.url(region: regions[1])) != nil)
        #expect(fetch.urls.count == count)
        #expect(await Self.rejection(cache, try Self.url(region: regions[0])) != nil)
        #expect(fetch.urls.count == count + 1)
    }

    @Test("a flood of invented URLs causes a few fetches a minute; a cached certificate stays available")
    func flood() async throws {
        let fetch = ControlledFetch(.success(try await Signer.shared.certificate()))
        let (cache, known) = (try await Self.cache(fetch), try Self.url("known"))
        #expect(await Self.rejection(cache, known) == nil)
        fetch.answer(.failure(.status(404)))
        for index in 0..<5000 {
            let now = Envelope.now + index * 12
            let rejection = await Self.rejection(cache, try Self.url("invented\(index)"), now: now)
            #expect(rejection?.kind == .rejected || rejection?.code.rawValue == "signing_certificate_unavailable")
            if index.isMultiple(of: 50) { #expect(await Self.rejection(cache, known, now: now) == nil) }
        }
        #expect(fetch.urls.count(where: { !$0.contains("known") }) <= 12)
        // A new genuine certificate is fetched soon after.
        fetch.answer(.success(try await Signer.shared.certificate()))
        let next = Envelope.now + 60_000 + FetchRateLimiter.interval
        #expect(await Self.rejection(cache, try Self.url("renewed"), now: next) == nil)
    }

    @Test("a cached certificate survives an outage of its host, and fetches succeed after it")
    func outage() async throws {
        let fetch = ControlledFetch(.success(try await Signer.shared.certificate()))
        let (cache, known, renewed) = (try await Self.cache(fetch), try Self.url("known"), try Self.url("renewed"))
        #expect(await Self.rejection(cache, known) == nil)
        fetch.answer(.failure(.unreachable("no route")))
        for step in 0..<1000 {
            let now = Envelope.now + step * 1000
            #expect(await Self.rejection(cache, known, now: now) == nil)
            #expect(await Self.rejection(cache, renewed, now: now)?.kind == .unavailable)
        }
        #expect(fetch.urls.count <= FetchRateLimiter.burst + 101)
        fetch.answer(.success(try await Signer.shared.certificate()))
        let next = Envelope.now + 1_000_000 + FetchRateLimiter.interval
        #expect(await Self.rejection(cache, renewed, now: next) == nil)
    }

    @Test("a certificate with its issuers must chain to a trusted authority, at every time of use")
    func chains() async throws {
        let signer = try await Signer.shared
        let chain = try await signer.chain()
        let intermediate = chain.validity
        for (body, code) in [
            (chain.leaf + chain.issuer, nil), (chain.leaf + chain.issuer + chain.root, nil),
            (chain.leaf + chain.root, "signing_certificate_refused"),
            (chain.issuer + chain.leaf, "signing_certificate_refused"),
            (chain.leaf + chain.foreignRoot, "signing_certificate_refused"),
            (chain.leaf + Array("text\n".utf8) + chain.issuer, "signing_certificate_refused"),
        ] {
            let cache = try await Self.cache(ControlledFetch(.success(body)))
            let now = Timestamp(intermediate.lowerBound * 1000)
            #expect(await Self.rejection(cache, try Self.url(), now: now)?.code.rawValue == code)
        }
        let foreign = SigningCertificateCache(authorities: try TrustStore(authorities: [])) { _ in
            chain.leaf + chain.issuer
        }
        #expect(await Self.rejection(foreign, try Self.url())?.code.rawValue == "signing_certificate_refused")
        // The issuer expires before the certificate.
        let cache = try await Self.cache(ControlledFetch(.success(chain.leaf + chain.issuer)))
        for seconds in [intermediate.lowerBound, intermediate.upperBound] {
            #expect(await Self.rejection(cache, try Self.url(), now: Timestamp(seconds * 1000)) == nil)
        }
        let after = Timestamp((intermediate.upperBound + 1) * 1000)
        #expect(
            await Self.rejection(cache, try Self.url(), now: after)?.code.rawValue == "signing_certificate_not_valid")
    }

    @Test(
        "a chain is verified and cached, however wrong the clock is", arguments: [0, 4_102_444_800_000] as [Timestamp])
    func chainUnderWrongClock(now: Timestamp) async throws {
        let chain = try await Signer.shared.chain()
        let fetch = ControlledFetch(.success(chain.leaf + chain.issuer))
        let cache = try await Self.cache(fetch)
        #expect(await Self.rejection(cache, try Self.url(), now: now)?.code.rawValue == "signing_certificate_not_valid")
        #expect(await Self.rejection(cache, try Self.url(), now: Timestamp(chain.validity.lowerBound * 1000)) == nil)
        #expect(fetch.urls.count == 1)
        let foreign = SigningCertificateCache(authorities: try TrustStore(authorities: [])) { _ in
            chain.leaf + chain.issuer
        }
        #expect(await Self.rejection(foreign, try Self.url(), now: now)?.code.rawValue == "signing_certificate_refused")
    }

    @Test("a step of the wall clock does not change how long failures are cached")
    func steps() async throws {
        let fetch = ControlledFetch(.failure(.status(404)))
        let (cache, url) = (try await Self.cache(fetch), try Self.url())
        for now in [Envelope.now, .earliest, Envelope.now + 200 * 86_400_000] {
            #expect(await Self.rejection(cache, url, now: now, elapsed: .seconds(1))?.kind == .rejected)
        }
        #expect(fetch.urls.count == 1)
        let later = .seconds(1) + SigningCertificateCache.rejectionLifetime
        #expect(await Self.rejection(cache, url, now: 0, elapsed: later)?.kind == .rejected)
        #expect(fetch.urls.count == 2)
    }
}

public import AWSCore
public import Cryptography
public import Encoding
import ErrorCodes
import Synchronization

/// A cache of the certificates that SNS signs with.
///
/// Concurrent requests for a certificate share one fetch, which continues if they are canceled. Permanent failures are cached for
/// a while. Any client can name certificates that do not exist, so cached failures do not evict certificates, concurrent fetches
/// are limited, and requests to each host are rate-limited (``FetchRateLimiter``). A cached certificate is never fetched again,
/// so it outlives outages of its host.
public final class SigningCertificateCache: Sendable {
    /// Why a fetch failed.
    public enum FetchError: Error, Hashable {
        /// A status other than 200. Redirects are not followed.
        case status(Int)
        /// No response: DNS, connection, TLS or timeout; the value is the reason.
        case unreachable(String)
        /// A body of more than 64 KB.
        case tooLarge
    }

    /// Fetches an `https` URL within a few seconds, without following redirects.
    ///
    /// SNS publishes signing certificates without their issuers, so their authenticity rests on the host alone: the fetch must
    /// verify the host's TLS certificate.
    public typealias Fetch = @Sendable (_ url: String) async throws(FetchError) -> [UInt8]

    /// The most certificates that are cached; the least recently used one is evicted.
    public static let maximumCertificates = 64
    /// The most rejected URLs that are cached; the oldest one is evicted.
    public static let maximumRejections = 64
    /// The most concurrent fetches.
    public static let maximumFetches = 8
    /// How long a rejected URL is cached.
    public static let rejectionLifetime = Duration.seconds(60)

    private typealias Outcome = Result<SigningCertificate, SNSError>

    private struct State {
        var certificates: [SigningCertificateURL: (known: SigningCertificate, lastUse: UInt64)] = [:]
        var fetchLimiter = FetchRateLimiter()
        var rejections: [(url: SigningCertificateURL, rejection: SNSError, end: Duration)] = []
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())
    private let fetches = SingleFlight<SigningCertificateURL, Outcome>()
    private let fetch: Fetch
    private let report: @Sendable (SNSError.Kind?) -> Void
    private let authorities: TrustStore

    /// Creates an empty cache.
    ///
    /// - Parameters:
    ///   - authorities: the trust anchors for certificates that come with their issuers.
    ///   - report: is called after each fetch, with nil for a certificate, else with the kind of the error.
    ///   - fetch: fetches a certificate.
    public init(
        authorities: TrustStore, report: @escaping @Sendable (SNSError.Kind?) -> Void = { _ in },
        fetch: @escaping Fetch
    ) {
        self.authorities = authorities
        self.report = report
        self.fetch = fetch
    }

    /// The certificate at a URL. Its validity is not checked.
    ///
    /// - Parameters:
    ///   - now: the present time.
    ///   - elapsed: the time of ``MonotonicClock``.
    /// - Throws: ``SNSError`` with the code `signing_certificate_unavailable` for temporary failures, and
    ///   `signing_certificate_refused` for permanent ones.
    public func certificate(
        at url: SigningCertificateURL, now: Timestamp, elapsed: Duration = MonotonicClock.elapsed()
    ) async throws(SNSError) -> SigningCertificate {
        let fetch = fetches.start(url) { running in
            state.withLock { Self.known(url, running: running, elapsed: elapsed, state: &$0) }
        } operation: {
            await self.outcome(of: url, now: now, elapsed: elapsed)
        }
        return try await fetch.value.get()
    }

    /// The latest expiry of each Region's cached certificates, in seconds since 1970.
    public var expiries: [Region: Int64] {
        let certificates = state.withLock { $0.certificates }
        return Dictionary(
            certificates.map { ($0.key.region, $0.value.known.validity.upperBound) }, uniquingKeysWith: max)
    }

    /// The outcome without a fetch; nil if one is needed and allowed.
    ///
    /// - Parameter running: the number of fetches in progress.
    private static func known(
        _ url: SigningCertificateURL, running: Int, elapsed: Duration, state: inout State
    ) -> Outcome? {
        if let known = state.certificates[url] {
            state.uses += 1
            state.certificates[url] = (known.known, state.uses)
            return .success(known.known)
        }
        state.rejections.removeAll { $0.end <= elapsed }
        if let known = state.rejections.first(where: { $0.url == url }) { return .failure(known.rejection) }
        guard running < maximumFetches else { return .failure(.certificateUnavailable("too many concurrent fetches")) }
        guard state.fetchLimiter.allowRequest(to: url.region.snsHost, now: elapsed) else {
            return .failure(.certificateUnavailable("the rate limit for its host is reached"))
        }
        return nil
    }

    private func outcome(of url: SigningCertificateURL, now: Timestamp, elapsed: Duration) async -> Outcome {
        let outcome: Outcome
        do throws(FetchError) {
            outcome = parse(try await fetch(url.description), region: url.region, now: now)
        } catch {
            outcome = .failure(Self.rejection(for: error))
        }
        state.withLock { Self.cache(outcome, of: url, elapsed: elapsed, state: &$0) }
        if case .failure(let rejection) = outcome { report(rejection.kind) } else { report(nil) }
        return outcome
    }

    private static func cache(
        _ outcome: Outcome, of url: SigningCertificateURL, elapsed: Duration, state: inout State
    ) {
        switch outcome {
        case .success(let known):
            if state.certificates.count >= maximumCertificates,
                let oldest = state.certificates.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
            {
                state.certificates[oldest] = nil
            }
            state.uses += 1
            state.certificates[url] = (known, state.uses)
        case .failure(let rejection) where rejection.kind == .rejected:
            if state.rejections.count >= maximumRejections { state.rejections.removeFirst() }
            state.rejections.append((url, rejection, elapsed + rejectionLifetime))
        case .failure: break
        }
    }

    /// Parses a body: a certificate alone, as SNS publishes it, or with its issuers.
    private func parse(_ body: [UInt8], region: Region, now: Timestamp) -> Outcome {
        let chain: [Certificate]
        do throws(CryptographyError) {
            chain = try Certificate.bundle(pem: body)
        } catch {
            return .failure(.certificateRejected("cannot be read"))
        }
        let certificate = chain[0]
        if let reason = Self.reasonToReject(certificate, of: region) { return .failure(.certificateRejected(reason)) }
        guard certificate.notBefore <= certificate.notAfter else {
            return .failure(.certificateRejected("has an empty validity period"))
        }
        var validity = certificate.notBefore...certificate.notAfter
        if chain.count > 1 {
            do throws(CryptographyError) {
                // Verified at a time at which all are valid, if there is one, so that a wrong clock does not matter.
                let start = chain.map(\.notBefore).max() ?? validity.lowerBound
                // OpenSSL treats the last second as expired.
                let end = (chain.map(\.notAfter).min() ?? validity.upperBound).saturatingSubtracting(1)
                let seconds = now.milliseconds / 1000
                let time = start <= end ? min(max(seconds, start), end) : seconds
                validity = try authorities.validity(of: chain, at: time)
            } catch {
                return .failure(.certificateRejected("has no chain to a trusted authority"))
            }
        }
        return .success(SigningCertificate(certificate: certificate, validity: validity))
    }

    /// Checks what does not depend on time: names and key.
    private static func reasonToReject(_ certificate: Certificate, of region: Region) -> String? {
        let expected = signingCommonNames(for: region)
        let names = certificate.dnsNames.isEmpty ? [certificate.commonName ?? ""] : certificate.dnsNames
        guard names.contains(where: { name in expected.contains { $0.utf8.elementsEqual(name.utf8) } }) else {
            return "is not issued to \(expected.joined(separator: " or "))"
        }
        guard certificate.keyKind == .rsa, certificate.keyBits >= 2048 else {
            return "has no RSA key of at least 2048 bits"
        }
        return nil
    }

    private static func rejection(for failure: FetchError) -> SNSError {
        switch failure {
        case .status(404), .status(410): .certificateRejected("does not exist on SNS's host")
        case .tooLarge: .certificateRejected("is too large")
        case .status(let status): .certificateUnavailable("Amazon SNS responded with status \(status)")
        case .unreachable(let reason): .certificateUnavailable(String(reason.prefix(200)))
        }
    }
}

extension SNSError {
    fileprivate static func certificateRejected(_ reason: String) -> SNSError {
        rejected(.signingCertificateRejected, "Signing certificate rejected: it \(reason). Messages may be forged.")
    }

    fileprivate static func certificateUnavailable(_ reason: String) -> SNSError {
        unavailable(
            .signingCertificateUnavailable,
            "Fetching the signing certificate failed: \(reason). Allow HTTPS from this machine to Amazon SNS.")
    }
}

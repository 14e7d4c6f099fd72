public import AWSCore
public import Cryptography
import ErrorCodes
import Synchronization

/// The certificates that SNS signs with, fetched once each.
///
/// Whoever asks for a certificate that is being fetched waits for the same fetch; it goes on when some or all of them are
/// canceled. What can never become a certificate is remembered for a while, so that it is not fetched for every message.
/// Anybody may name certificates that do not exist: therefore what is remembered of them does not push out certificates,
/// only a few fetches run at once, and each host is asked only so often (``FetchRateLimiter``). A certificate that is known is
/// never fetched again, whatever happens to its host.
public final class SigningCertificateCache: Sendable {
    /// Why there is no body.
    public enum FetchError: Error, Hashable {
        /// An answer other than 200; redirects are not followed.
        case status(Int)
        /// No answer: names, connections, TLS or time; with the reason in words.
        case unreachable(String)
        /// A body of more than 64 KB.
        case tooLarge
    }

    /// Gets the body at an `https` address, without following redirects and within a few seconds.
    ///
    /// SNS gives a signing certificate without those that issued it. That it is genuine then follows from the host that it
    /// comes from alone, so the fetch must verify that host's own certificate.
    public typealias Fetch = @Sendable (_ url: String) async throws(FetchError) -> [UInt8]

    /// How many certificates are kept; the least recently used one makes room.
    public static let maximumCertificates = 64
    /// How many addresses without a certificate are remembered; the oldest one makes room.
    public static let maximumRejections = 64
    /// How many fetches run at once.
    public static let maximumFetches = 8
    /// For how long an address without a certificate is remembered, in milliseconds.
    public static let rejectionLifetime: Int64 = 60_000

    private typealias Outcome = Result<SigningCertificate, SNSError>

    private struct State {
        var certificates: [SigningCertificateURL: (known: SigningCertificate, lastUse: UInt64)] = [:]
        var budget = FetchRateLimiter()
        var rejections: [(url: SigningCertificateURL, rejection: SNSError, end: Int64)] = []
        var fetches: [SigningCertificateURL: Task<Outcome, Never>] = [:]
        var uses: UInt64 = 0
    }

    private enum Step {
        case done(Outcome)
        case wait(Task<Outcome, Never>)
    }

    private let state = Mutex(State())
    private let fetch: Fetch
    private let report: @Sendable (SNSError.Kind?) -> Void
    private let authorities: TrustStore

    /// Makes an empty cache.
    ///
    /// - Parameters:
    ///   - authorities: what a certificate must lead to that comes with those that issued it.
    ///   - report: hears how each fetch went: nil when it gave a certificate, else what its refusal is.
    ///   - fetch: gets a certificate.
    public init(
        authorities: TrustStore, report: @escaping @Sendable (SNSError.Kind?) -> Void = { _ in },
        fetch: @escaping Fetch
    ) {
        self.authorities = authorities
        self.report = report
        self.fetch = fetch
    }

    /// The certificate at an address, whether it is valid now or not.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - elapsed: the time of ``MonotonicClock``, in milliseconds.
    /// - Throws: ``SNSError``: `signing_certificate_unavailable` for what may work later, and
    ///   `signing_certificate_rejected` for what will not.
    public func certificate(
        at url: SigningCertificateURL, now: Int64, elapsed: Int64 = MonotonicClock.milliseconds()
    ) async throws(SNSError) -> SigningCertificate {
        let outcome: Outcome
        switch state.withLock({ step(for: url, now: now, elapsed: elapsed, state: &$0) }) {
        case .done(let known): outcome = known
        case .wait(let fetch): outcome = await fetch.value
        }
        return try outcome.get()
    }

    /// When the last of the certificates of each Region expires that are known, in seconds since 1970.
    public var expiries: [Region: Int64] {
        let certificates = state.withLock { $0.certificates }
        return Dictionary(
            certificates.map { ($0.key.region, $0.value.known.validity.upperBound) }, uniquingKeysWith: max)
    }

    private func step(
        for url: SigningCertificateURL, now: Int64, elapsed: Int64, state: inout State
    ) -> Step {
        if let known = state.certificates[url] {
            state.uses += 1
            state.certificates[url] = (known.known, state.uses)
            return .done(.success(known.known))
        }
        if let running = state.fetches[url] { return .wait(running) }
        state.rejections.removeAll { $0.end <= elapsed }
        if let known = state.rejections.first(where: { $0.url == url }) { return .done(.failure(known.rejection)) }
        guard state.fetches.count < Self.maximumFetches else {
            return .done(.failure(.certificateUnavailable("too many certificates are being fetched at once")))
        }
        guard state.budget.take(from: url.region.snsHost, now: elapsed) else {
            return .done(.failure(.certificateUnavailable("its host was asked for too many others")))
        }
        let task = Task { await self.outcome(of: url, now: now, elapsed: elapsed) }
        state.fetches[url] = task
        return .wait(task)
    }

    private func outcome(of url: SigningCertificateURL, now: Int64, elapsed: Int64) async -> Outcome {
        let outcome: Outcome
        do throws(FetchError) {
            outcome = read(try await fetch(url.description), region: url.region, now: now)
        } catch {
            outcome = .failure(Self.rejection(for: error))
        }
        state.withLock { Self.remember(outcome, of: url, elapsed: elapsed, state: &$0) }
        if case .failure(let rejection) = outcome { report(rejection.kind) } else { report(nil) }
        return outcome
    }

    private static func remember(
        _ outcome: Outcome, of url: SigningCertificateURL, elapsed: Int64, state: inout State
    ) {
        state.fetches[url] = nil
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
            state.rejections.append((url, rejection, elapsed.saturatingAdding(rejectionLifetime)))
        case .failure: break
        }
    }

    /// Reads a body: a certificate alone, as SNS gives it, or with those that issued it.
    private func read(_ body: [UInt8], region: Region, now: Int64) -> Outcome {
        let chain: [Certificate]
        do throws(CryptographyError) {
            chain = try Certificate.bundle(pem: body)
        } catch {
            return .failure(.certificateRejected("cannot be read"))
        }
        let certificate = chain[0]
        if let reason = Self.reasonToReject(certificate, of: region) { return .failure(.certificateRejected(reason)) }
        guard certificate.notBefore <= certificate.notAfter else {
            return .failure(.certificateRejected("is never valid"))
        }
        var validity = certificate.notBefore...certificate.notAfter
        if chain.count > 1 {
            do throws(CryptographyError) {
                // At a time at which all are valid, if there is one: a wrong clock says nothing against them.
                let start = chain.map(\.notBefore).max() ?? validity.lowerBound
                // To OpenSSL, the last second is over.
                let end = (chain.map(\.notAfter).min() ?? validity.upperBound).saturatingSubtracting(1)
                let time = start <= end ? min(max(now / 1000, start), end) : now / 1000
                validity = try authorities.validity(of: chain, at: time)
            } catch {
                return .failure(.certificateRejected("has issuers that do not lead to a trusted authority"))
            }
        }
        return .success(SigningCertificate(certificate: certificate, validity: validity))
    }

    /// What does not change with time: the names and the key.
    private static func reasonToReject(_ certificate: Certificate, of region: Region) -> String? {
        let expected = signingCommonNames(for: region)
        let names = certificate.dnsNames.isEmpty ? [certificate.commonName ?? ""] : certificate.dnsNames
        guard names.contains(where: { name in expected.contains { $0.utf8.elementsEqual(name.utf8) } }) else {
            return "is not made out to \(expected.joined(separator: " or "))"
        }
        guard certificate.keyKind == .rsa, certificate.keyBits >= 2048 else {
            return "has no RSA key of at least 2048 bits"
        }
        return nil
    }

    private static func rejection(for failure: FetchError) -> SNSError {
        switch failure {
        case .status(404), .status(410): .certificateRejected("does not exist on SNS's host")
        case .tooLarge: .certificateRejected("is larger than any certificate")
        case .status(let status): .certificateUnavailable("SNS's host answered \(status)")
        case .unreachable(let reason): .certificateUnavailable(String(reason.prefix(200)))
        }
    }
}

extension SNSError {
    fileprivate static func certificateRejected(_ reason: String) -> SNSError {
        rejected(.signingCertificateRejected, "The message's signing certificate \(reason).")
    }

    fileprivate static func certificateUnavailable(_ reason: String) -> SNSError {
        unavailable(
            .signingCertificateUnavailable,
            "The message's signing certificate cannot be had just now: \(reason). Check that this machine reaches SNS.")
    }
}

import AWSCore
public import Cryptography
import Synchronization

/// The certificates that SNS signs with, fetched once each.
///
/// Whoever asks for a certificate that is being fetched waits for the same fetch; it goes on when some or all of them are
/// canceled. What can never become a certificate is remembered for a while, so that it is not fetched for every message.
/// Anybody may name certificates that do not exist: therefore what is remembered of them does not push out certificates,
/// and only a few fetches run at once.
public final class SigningCertificateCache: Sendable {
    /// Why there is no body.
    public enum FetchFailure: Error, Hashable {
        /// An answer other than 200; redirects are not followed.
        case status(Int)
        /// No answer: names, connections, TLS or time; with the reason in words.
        case unreachable(String)
        /// A body of more than 64 KB.
        case tooLarge
    }

    /// Gets the body at an `https` address, without following redirects and within a few seconds.
    ///
    /// SNS gives a signing certificate without those that issued it. That it is genuine follows from the host that it
    /// comes from alone, so the fetch must verify that host's own certificate.
    public typealias Fetch = @Sendable (_ url: String) async throws(FetchFailure) -> [UInt8]

    /// How many certificates are kept; the least recently used one makes room.
    public static let maximumCertificates = 64
    /// How many addresses without a certificate are remembered; the oldest one makes room.
    public static let maximumRefusals = 64
    /// How many fetches run at once.
    public static let maximumFetches = 8
    /// For how long an address without a certificate is remembered, in milliseconds.
    public static let refusalLifetime: Int64 = 60_000

    private typealias Outcome = Result<Certificate, SNSRefusal>

    private struct State {
        var certificates: [SigningCertificateURL: (certificate: Certificate, lastUse: UInt64)] = [:]
        var refusals: [(url: SigningCertificateURL, refusal: SNSRefusal, end: Int64)] = []
        var fetches: [SigningCertificateURL: Task<Outcome, Never>] = [:]
        var uses: UInt64 = 0
    }

    private enum Step {
        case done(Outcome)
        case wait(Task<Outcome, Never>)
    }

    private let state = Mutex(State())
    private let fetch: Fetch

    /// Makes an empty cache.
    public init(fetch: @escaping Fetch) { self.fetch = fetch }

    /// The certificate at an address, valid now.
    ///
    /// - Parameter now: milliseconds since 1970.
    /// - Throws: ``SNSRefusal``: `signing_certificate_unavailable` for what may work later, and
    ///   `signing_certificate_refused` for what will not.
    public func certificate(at url: SigningCertificateURL, now: Int64) async throws(SNSRefusal) -> Certificate {
        let outcome: Outcome
        switch state.withLock({ step(for: url, now: now, state: &$0) }) {
        case .done(let known): outcome = known
        case .wait(let fetch): outcome = await fetch.value
        }
        let certificate = try outcome.get()
        guard certificate.isValid(at: now / 1000) else {
            throw .certificateRefused("is not valid at this time. Check this machine's clock")
        }
        return certificate
    }

    private func step(for url: SigningCertificateURL, now: Int64, state: inout State) -> Step {
        if let known = state.certificates[url] {
            state.uses += 1
            state.certificates[url] = (known.certificate, state.uses)
            return .done(.success(known.certificate))
        }
        if let running = state.fetches[url] { return .wait(running) }
        state.refusals.removeAll { $0.end <= now }
        if let known = state.refusals.first(where: { $0.url == url }) { return .done(.failure(known.refusal)) }
        guard state.fetches.count < Self.maximumFetches else {
            return .done(.failure(.certificateUnavailable("too many certificates are being fetched at once")))
        }
        let task = Task { await self.outcome(of: url, now: now) }
        state.fetches[url] = task
        return .wait(task)
    }

    private func outcome(of url: SigningCertificateURL, now: Int64) async -> Outcome {
        let outcome: Outcome
        do throws(FetchFailure) {
            outcome = Self.read(try await fetch(url.description), region: url.region)
        } catch {
            outcome = .failure(Self.refusal(for: error))
        }
        state.withLock { Self.remember(outcome, of: url, now: now, state: &$0) }
        return outcome
    }

    private static func remember(_ outcome: Outcome, of url: SigningCertificateURL, now: Int64, state: inout State) {
        state.fetches[url] = nil
        switch outcome {
        case .success(let certificate):
            if state.certificates.count >= maximumCertificates,
                let oldest = state.certificates.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
            {
                state.certificates[oldest] = nil
            }
            state.uses += 1
            state.certificates[url] = (certificate, state.uses)
        case .failure(let refusal) where refusal.kind == .refused:
            if state.refusals.count >= maximumRefusals { state.refusals.removeFirst() }
            state.refusals.append((url, refusal, now + refusalLifetime))
        case .failure: break
        }
    }

    /// Reads a body and checks what does not change with time.
    private static func read(_ body: [UInt8], region: Region) -> Result<Certificate, SNSRefusal> {
        let certificate: Certificate
        do throws(CryptographyError) {
            certificate = try Certificate(pem: body)
        } catch {
            return .failure(.certificateRefused("cannot be read"))
        }
        let expected = signingCommonName(for: region)
        let names = certificate.dnsNames.isEmpty ? [certificate.commonName ?? ""] : certificate.dnsNames
        guard names.contains(where: { $0.utf8.elementsEqual(expected.utf8) }) else {
            return .failure(.certificateRefused("is not made out to \(expected)"))
        }
        guard certificate.keyKind == .rsa, certificate.keyBits >= 2048 else {
            return .failure(.certificateRefused("has no RSA key of at least 2048 bits"))
        }
        return .success(certificate)
    }

    private static func refusal(for failure: FetchFailure) -> SNSRefusal {
        switch failure {
        case .status(404), .status(410): .certificateRefused("does not exist on SNS's host")
        case .tooLarge: .certificateRefused("is larger than any certificate")
        case .status(let status): .certificateUnavailable("SNS's host answered \(status)")
        case .unreachable(let reason): .certificateUnavailable(String(reason.prefix(200)))
        }
    }
}

extension SNSRefusal {
    fileprivate static func certificateRefused(_ reason: String) -> SNSRefusal {
        refused("signing_certificate_refused", "The message's signing certificate \(reason).")
    }

    fileprivate static func certificateUnavailable(_ reason: String) -> SNSRefusal {
        unavailable(
            "signing_certificate_unavailable",
            "The message's signing certificate cannot be had just now: \(reason). Check that this machine reaches SNS.")
    }
}

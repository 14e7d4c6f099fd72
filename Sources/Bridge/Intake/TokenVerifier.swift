import AWSCore
import SNS
import Synchronization

/// Verifies the bearer tokens of an issuer, whose keys it fetches by the rules of ``SigningCertificateCache``: once for
/// all who wait, only so often, and never again and again for what strangers make up.
final class TokenVerifier: Sendable {
    /// Whose tokens, for whom, and where the keys are.
    struct Settings: Sendable, Hashable {
        var issuer: String
        var audience: String
        /// An `https` address.
        var jwksURL: String
    }

    /// What a token is.
    enum Decision: Sendable, Hashable {
        case genuine
        case rejected
        /// A claim is not as it has to be; the signature was not checked.
        case invalidClaim(String)
        /// The keys cannot be had just now.
        case unverifiable
    }

    /// After which age keys are fetched anew, while those that are there still count, in milliseconds.
    static let freshness: Int64 = 600_000
    /// Up to which age keys count while the issuer cannot be asked, in milliseconds.
    static let maximumAge: Int64 = 86_400_000
    private static let host = "issuer"

    private struct State {
        var keys: (set: JSONWebKeySet, fetchedAt: Int64)?
        var fetch: Task<JSONWebKeySet?, Never>?
        var budget = FetchRateLimiter()
    }

    let settings: Settings
    private let report: @Sendable (_ isGood: Bool) -> Void
    private let fetch: SigningCertificateCache.Fetch
    private let state = Mutex(State())

    /// - Parameter report: hears of each fetch whether it gave keys.
    init(
        settings: Settings, report: @escaping @Sendable (_ isGood: Bool) -> Void = { _ in },
        fetch: @escaping SigningCertificateCache.Fetch
    ) {
        self.settings = settings
        self.report = report
        self.fetch = fetch
    }

    /// Checks claims, then the signature.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970, for the token's own times.
    ///   - elapsed: the time of ``MonotonicClock``, in milliseconds, for the age of the keys.
    func decision(
        on text: String, now: Int64, elapsed: Int64 = MonotonicClock.milliseconds()
    ) async -> Decision {
        // Nothing is fetched for a token that would be refused whatever the keys say.
        guard let token = JSONWebToken(text) else { return .rejected }
        if let claim = token.invalidClaim(issuer: settings.issuer, audience: settings.audience, now: now) {
            return .invalidClaim(claim)
        }
        let (known, isOld) = knownKeys(now: elapsed)
        if let known, known.hasKey(for: token) {
            // Nobody waits for keys that are fetched only to be newer.
            if isOld { _ = startFetch(now: elapsed) }
            return known.verifies(token) ? .genuine : .rejected
        }
        guard let fetched = await startFetch(now: elapsed)?.value else {
            return known == nil ? .unverifiable : .rejected
        }
        return fetched.verifies(token) ? .genuine : .rejected
    }

    private func knownKeys(now: Int64) -> (JSONWebKeySet?, isOld: Bool) {
        state.withLock { state in
            guard let keys = state.keys else { return (nil, false) }
            let age = now.saturatingSubtracting(keys.fetchedAt)
            return (age <= Self.maximumAge ? keys.set : nil, age > Self.freshness)
        }
    }

    /// The fetch that runs or can be started; nil if the issuer was asked often enough.
    private func startFetch(now: Int64) -> Task<JSONWebKeySet?, Never>? {
        state.withLock { state in
            if let running = state.fetch { return running }
            guard state.budget.take(from: Self.host, now: now) else { return nil }
            let task = Task { await self.fetchKeys(now: now) }
            state.fetch = task
            return task
        }
    }

    private func fetchKeys(now: Int64) async -> JSONWebKeySet? {
        let set: JSONWebKeySet?
        do throws(SigningCertificateCache.FetchError) {
            set = JSONWebKeySet(parsing: try await fetch(settings.jwksURL))
        } catch {
            set = nil
        }
        state.withLock { state in
            state.fetch = nil
            if let set { state.keys = (set, now) }
        }
        report(set != nil)
        return set
    }
}

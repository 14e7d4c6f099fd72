package import Encoding
package import SNS
import Synchronization

/// Verifies the bearer tokens of an issuer, whose keys it fetches and caches.
///
/// Concurrent requests share one fetch, and fetches are rate-limited, so that invented tokens cause no load on the issuer.
package final class TokenVerifier: Sendable {
    /// The issuer, the audience and the address of the keys.
    package struct Settings: Sendable, Hashable {
        /// The value of the claim `iss`.
        package var issuer: String
        /// A value of the claim `aud`.
        package var audience: String
        /// The `https` URL of the issuer's JWK Set.
        package var jwksURL: String

        /// Creates settings.
        package init(issuer: String, audience: String, jwksURL: String) {
            self.issuer = issuer
            self.audience = audience
            self.jwksURL = jwksURL
        }
    }

    /// The result of verifying a token.
    package enum Decision: Sendable, Hashable {
        case genuine
        case rejected
        /// A claim is missing or wrong; the signature was not checked.
        case invalidClaim(String)
        /// The keys cannot be fetched at the moment.
        case unverifiable
    }

    /// The age at which keys are refreshed in the background while the cached ones stay in use.
    static let freshness = Duration.seconds(600)
    /// The age up to which cached keys are used while the issuer is unreachable.
    package static let maximumAge = Duration.seconds(86_400)
    private static let host = "issuer"

    private struct State {
        var keys: (set: JSONWebKeySet, fetchedAt: Duration)?
        var fetchLimiter = FetchRateLimiter()
    }

    /// The issuer, the audience and the address of the keys.
    package let settings: Settings
    private let report: @Sendable (_ isGood: Bool) -> Void
    private let fetch: SigningCertificateCache.Fetch
    private let state = Mutex(State())
    private let fetches = SingleFlight<OnlyKey, JSONWebKeySet?>()

    /// Makes a verifier without keys.
    ///
    /// - Parameter report: is called after each fetch with whether it returned keys.
    package init(
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
    ///   - now: the time, for the token's own times.
    ///   - elapsed: the time of ``MonotonicClock``, for the age of the keys.
    package func decision(
        on text: String, now: Timestamp, elapsed: Duration = MonotonicClock.elapsed()
    ) async -> Decision {
        // A token that is invalid whatever the keys are causes no fetch.
        guard let token = JSONWebToken(text) else { return .rejected }
        if let claim = token.invalidClaim(issuer: settings.issuer, audience: settings.audience, now: now) {
            return .invalidClaim(claim)
        }
        let (known, isOld) = knownKeys(now: elapsed)
        if let known, known.hasKey(for: token) {
            // Requests do not wait for a refresh of keys.
            if isOld { _ = startFetch(now: elapsed) }
            return known.verifies(token) ? .genuine : .rejected
        }
        guard let fetched = await startFetch(now: elapsed).value else {
            return known == nil ? .unverifiable : .rejected
        }
        return fetched.verifies(token) ? .genuine : .rejected
    }

    private func knownKeys(now: Duration) -> (JSONWebKeySet?, isOld: Bool) {
        state.withLock { state in
            guard let keys = state.keys else { return (nil, false) }
            let age = now - keys.fetchedAt
            return (age <= Self.maximumAge ? keys.set : nil, age > Self.freshness)
        }
    }

    /// The running fetch, or a new one; one without keys if the rate limit is reached.
    private func startFetch(now: Duration) -> SingleFlight<OnlyKey, JSONWebKeySet?>.Flight {
        fetches.start(.only) { _ in
            state.withLock { $0.fetchLimiter.allowRequest(to: Self.host, now: now) } ? nil : .some(nil)
        } operation: {
            await self.fetchKeys(now: now)
        }
    }

    private func fetchKeys(now: Duration) async -> JSONWebKeySet? {
        let set: JSONWebKeySet?
        do throws(SigningCertificateCache.FetchError) {
            set = JSONWebKeySet(parsing: try await fetch(settings.jwksURL))
        } catch {
            set = nil
        }
        if let set { state.withLock { $0.keys = (set, now) } }
        report(set != nil)
        return set
    }
}

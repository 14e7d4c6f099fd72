package import Cryptography
package import Encoding
package import HTTPServer
import HTTPTypes

/// Authenticates requests to `POST /eventbridge`: by API key, Basic authentication (RFC 7617) or OAuth bearer token (RFC 6750),
/// whichever of them are configured.
package struct EventBridgeAuthenticator: Sendable {
    /// The credentials that are accepted.
    package struct Credentials: Sendable {
        /// The API keys; any of them is accepted.
        package var apiKeys: [Secret] = []
        /// The name of the header field that carries the API key.
        package var apiKeyHeader = "x-api-key"
        /// `user:password`.
        package var basic: Secret?

        /// Creates credentials; without any, no request is accepted by API key or Basic authentication.
        package init(apiKeys: [Secret] = [], apiKeyHeader: String = "x-api-key", basic: Secret? = nil) {
            self.apiKeys = apiKeys
            self.apiKeyHeader = apiKeyHeader
            self.basic = basic
        }
    }

    /// The result of authenticating a request.
    package enum Decision: Hashable {
        case allowed
        /// The credentials are missing or wrong.
        case rejected
        /// A claim of the token is missing or wrong; the value is its name.
        case invalidClaim(String)
        /// The keys that tokens are signed with cannot be fetched at the moment.
        case unverifiable
        /// The address failed too often; see ``AuthenticationThrottle``.
        case overLimit
    }

    /// The API keys and the Basic credentials.
    package let credentials: Credentials
    /// Verifies bearer tokens; nil if none are accepted.
    package let tokens: TokenVerifier?
    /// Limits failures per client address.
    package let failures: AuthenticationThrottle

    /// Authenticates a request.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - elapsed: the time of ``MonotonicClock``.
    package func decision(
        on request: ServerRequest, now: Timestamp, elapsed: Duration = MonotonicClock.elapsed()
    ) async -> Decision {
        guard failures.allows(request.peer, now: elapsed) else { return .overLimit }
        let decision = await decisionIgnoringThrottle(on: request.head.headerFields, now: now, elapsed: elapsed)
        switch decision {
        case .allowed: failures.recordSuccess(request.peer, now: elapsed)
        case .rejected, .invalidClaim: failures.recordFailure(request.peer, now: elapsed)
        case .unverifiable, .overLimit: break
        }
        return decision
    }

    /// The value of `WWW-Authenticate` (RFC 9110, section 11.6.1).
    var challenge: String {
        var schemes: [String] = []
        if !credentials.apiKeys.isEmpty { schemes.append("ApiKey") }
        if credentials.basic != nil { schemes.append(#"Basic realm="defender-bridge", charset="UTF-8""#) }
        if tokens != nil { schemes.append("Bearer") }
        return schemes.isEmpty ? "ApiKey" : schemes.joined(separator: ", ")
    }

    private func decisionIgnoringThrottle(on fields: HTTPFields, now: Timestamp, elapsed: Duration) async -> Decision {
        if hasAPIKey(fields) { return .allowed }
        if let basic = credentials.basic, let given = fields.credentials(of: "basic") {
            guard let decoded = Base64.decode(given) else { return .rejected }
            return basic.matches(decoded) ? .allowed : .rejected
        }
        if let tokens, let token = fields.credentials(of: "bearer") {
            switch await tokens.decision(on: token, now: now, elapsed: elapsed) {
            case .genuine: return .allowed
            case .rejected: return .rejected
            case .invalidClaim(let claim): return .invalidClaim(claim)
            case .unverifiable: return .unverifiable
            }
        }
        return .rejected
    }

    private func hasAPIKey(_ fields: HTTPFields) -> Bool {
        guard let value = fields.onlyValue(of: credentials.apiKeyHeader) else { return false }
        return credentials.apiKeys.hasMatch(Array(value.utf8))
    }

    /// Creates an authenticator.
    package init(credentials: Credentials, tokens: TokenVerifier?, failures: AuthenticationThrottle) {
        self.credentials = credentials
        self.tokens = tokens
        self.failures = failures
    }
}

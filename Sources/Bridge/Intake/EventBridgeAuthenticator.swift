import AWSCore
import FoundationEssentials
import HTTPServer
import HTTPTypes
import JSON

/// Lets those in who may send events: by an API key, by Basic authentication (RFC 7617) or by an OAuth bearer token
/// (RFC 6750), whichever of them are configured.
struct EventBridgeAuthenticator: Sendable {
    /// The credentials that are taken.
    struct Credentials: Sendable {
        /// API keys, each as good as the others.
        var apiKeys: [Secret] = []
        /// The name of the header field that carries one.
        var apiKeyHeader = "x-api-key"
        /// `user:password`.
        var basic: Secret?
    }

    /// Whether somebody may come in.
    enum Decision: Hashable {
        case allowed
        /// The credentials are missing or wrong.
        case rejected
        /// A claim of the token is not as it has to be.
        case invalidClaim(String)
        /// The keys of tokens cannot be had just now.
        case unverifiable
        /// The address failed too often.
        case overLimit
    }

    let credentials: Credentials
    let tokens: TokenVerifier?
    let failures: AuthenticationThrottle

    /// Checks a request.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - elapsed: the time of ``MonotonicClock``, in milliseconds.
    func decision(
        on request: ServerRequest, now: Int64, elapsed: Int64 = MonotonicClock.milliseconds()
    ) async -> Decision {
        guard failures.allows(request.peer, now: elapsed) else { return .overLimit }
        let decision = await unlimitedVerdict(on: request.head.headerFields, now: now, elapsed: elapsed)
        switch decision {
        case .allowed: failures.succeeded(request.peer, now: elapsed)
        case .rejected, .invalidClaim: failures.failed(request.peer, now: elapsed)
        case .unverifiable, .overLimit: break
        }
        return decision
    }

    /// How to authenticate (RFC 9110, section 11.6.1).
    var challenge: String {
        var schemes: [String] = []
        if !credentials.apiKeys.isEmpty { schemes.append("ApiKey") }
        if credentials.basic != nil { schemes.append(#"Basic realm="defender-bridge", charset="UTF-8""#) }
        if tokens != nil { schemes.append("Bearer") }
        return schemes.isEmpty ? "ApiKey" : schemes.joined(separator: ", ")
    }

    private func unlimitedVerdict(on fields: HTTPFields, now: Int64, elapsed: Int64) async -> Decision {
        if hasAPIKey(fields) { return .allowed }
        if let basic = credentials.basic, let given = fields.credentials(of: "basic") {
            guard let decoded = Data(base64Encoded: given) else { return .rejected }
            return basic.matches(Array(decoded)) ? .allowed : .rejected
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
        guard let name = HTTPField.Name(credentials.apiKeyHeader) else { return false }
        let values = fields[values: name]
        guard values.count == 1 else { return false }
        // All are compared, so that the time does not tell which one it is.
        return credentials.apiKeys.reduce(false) { isOne, key in key.matches(values[0]) || isOne }
    }
}

extension HTTPFields {
    /// What `Authorization` has behind the name of a scheme, which is the same in upper and lower case (RFC 9110, section
    /// 11.4); nil if there is no such, or more than one field: two could be understood in two ways.
    ///
    /// - Parameter scheme: in lower case.
    func credentials(of scheme: String) -> String? {
        let values = self[values: .authorization]
        guard values.count == 1 else { return nil }
        let value = values[0].utf8
        guard let space = value.firstIndex(of: UInt8(ascii: " ")), value[..<space].count == scheme.utf8.count,
            UTF8Text(values[0][..<space].lowercased()) == UTF8Text(scheme)
        else { return nil }
        return String(values[0][value.index(after: space)...])
    }
}

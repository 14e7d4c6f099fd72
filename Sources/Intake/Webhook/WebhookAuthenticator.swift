import Cryptography
package import Encoding
package import HTTPTypes

/// Authenticates the requests of one webhook. Failure limits are up to the caller.
package struct WebhookAuthenticator: Sendable {
    /// What is equal for two requests only if one is a repetition of the other. Authentication covers it.
    package enum RequestIdentity: Sendable, Hashable {
        /// The message's ID, which is signed.
        case message(String)
        /// The signature, which covers a timestamp.
        case signature([UInt8])
        /// None: any two requests may be different messages.
        case none
    }

    /// The result of authenticating a request.
    package enum Decision: Sendable, Hashable {
        /// The sender is genuine.
        case allowed(RequestIdentity)
        /// The credentials are missing or wrong.
        case rejected
        /// A claim of the token is missing or wrong, or the signed `timestamp` is out of tolerance; the value is its name.
        case invalidClaim(String)
        /// The keys that tokens are signed with cannot be fetched at the moment.
        case unverifiable
    }

    private let method: WebhookAuthentication
    /// Verifies the tokens of ``WebhookAuthentication/token(_:)``; nil for other methods.
    package let tokens: TokenVerifier?

    /// Creates an authenticator.
    ///
    /// - Parameter makeVerifier: creates the verifier of bearer tokens, if the method has any.
    package init(_ method: WebhookAuthentication, makeVerifier: (TokenVerifier.Settings) -> TokenVerifier) {
        self.method = method
        tokens = if case .token(let settings) = method { makeVerifier(settings) } else { nil }
    }

    init(_ method: WebhookAuthentication, tokens: TokenVerifier?) {
        self.method = method
        self.tokens = tokens
    }

    /// An authenticator that does the same work as this one and knows none of its secrets. It stands for a webhook that does
    /// not exist; a token that it allows counts as wrong.
    package var decoy: WebhookAuthenticator { WebhookAuthenticator(method.decoy, tokens: tokens) }

    /// Whether a request has credentials in the form that the method needs. If not, it is rejected whatever its body is. Costs no
    /// cryptography.
    func hasCredentials(in fields: HTTPFields) -> Bool {
        switch method {
        case .apiKey(let header, _): fields.onlyValue(of: header) != nil
        case .basic: fields.credentials(of: "basic") != nil
        case .bearer, .token: fields.credentials(of: "bearer") != nil
        case .signature(let signature): SignatureFields(fields, signature) != nil
        }
    }

    /// Authenticates a request. A missing or malformed header field costs no cryptography.
    ///
    /// - Parameters:
    ///   - fields: the header fields.
    ///   - body: the body's bytes as received.
    ///   - now: the time.
    ///   - elapsed: the time of ``MonotonicClock``.
    package func decision(
        on fields: HTTPFields, body: [UInt8], now: Timestamp, elapsed: Duration = MonotonicClock.elapsed()
    ) async -> Decision {
        switch method {
        case .apiKey(let header, let keys):
            guard let value = fields.onlyValue(of: header) else { return .rejected }
            return keys.hasMatch(Array(value.utf8)) ? .allowed(.none) : .rejected
        case .basic(let user, let passwords):
            return Self.isBasic(fields, user, passwords) ? .allowed(.none) : .rejected
        case .bearer(let secrets):
            guard let token = fields.credentials(of: "bearer") else { return .rejected }
            return secrets.hasMatch(Array(token.utf8)) ? .allowed(.none) : .rejected
        case .token:
            guard let tokens, let token = fields.credentials(of: "bearer") else { return .rejected }
            return Decision(await tokens.decision(on: token, now: now, elapsed: elapsed))
        case .signature(let signature):
            return Self.decision(on: fields, body, signature, now: now)
        }
    }

    private static func isBasic(_ fields: HTTPFields, _ user: Secret, _ passwords: [Secret]) -> Bool {
        guard let given = fields.credentials(of: "basic"), let decoded = Base64.decode(given),
            let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
        else { return false }
        let isUser = user.matches(Array(decoded[..<colon]))
        // Both are compared, so that the response time does not reveal which one is wrong.
        let isPassword = passwords.hasMatch(Array(decoded[(colon + 1)...]))
        return isUser && isPassword
    }

    private static func decision(
        on fields: HTTPFields, _ body: [UInt8], _ signature: WebhookSignature, now: Timestamp
    ) -> Decision {
        guard let parsed = SignatureFields(fields, signature) else { return .rejected }
        if let time = parsed.time, max(now - time, time - now) > signature.tolerance {
            return .invalidClaim("timestamp")
        }
        let content = parsed.content(with: body)
        var verified: [UInt8]?
        for secret in signature.secrets {
            let code = secret.hmac(signature.algorithm.digest, of: content)
            for candidate in parsed.signatures where code.matches(candidate) { verified = candidate }
        }
        guard let verified else { return .rejected }
        if let id = parsed.id { return .allowed(.message(id)) }
        return .allowed(parsed.timestamp == nil ? .none : .signature(verified))
    }
}

extension WebhookAuthenticator.Decision {
    fileprivate init(_ decision: TokenVerifier.Decision) {
        self =
            switch decision {
            case .genuine: .allowed(.none)
            case .rejected: .rejected
            case .invalidClaim(let claim): .invalidClaim(claim)
            case .unverifiable: .unverifiable
            }
    }
}

extension WebhookAuthentication {
    /// The same method with as many random secrets.
    fileprivate var decoy: WebhookAuthentication {
        func replace(_ secrets: [Secret]) -> [Secret] { secrets.map { _ in .random() } }
        switch self {
        case .apiKey(let header, let keys): return .apiKey(header: header, keys: replace(keys))
        case .basic(_, let passwords): return .basic(user: .random(), passwords: replace(passwords))
        case .bearer(let secrets): return .bearer(replace(secrets))
        case .token: return self
        case .signature(var signature):
            signature.secrets = replace(signature.secrets)
            return .signature(signature)
        }
    }
}

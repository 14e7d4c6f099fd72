package import Cryptography

/// How the sender of a webhook proves that it knows a secret. Of several secrets each is accepted, so that they can be
/// rotated.
package enum WebhookAuthentication: Sendable {
    /// One of the keys in a header field, whose name is in lower case.
    case apiKey(header: String, keys: [Secret])
    /// A user and one of the passwords, by Basic authentication (RFC 7617).
    case basic(user: Secret, passwords: [Secret])
    /// One of the tokens, as a bearer token (RFC 6750).
    case bearer([Secret])
    /// A JSON Web Token of an issuer, as a bearer token.
    case token(TokenVerifier.Settings)
    /// A signature of the body.
    case signature(WebhookSignature)
}

package import Cryptography

/// How the sender of a webhook signs the body with HMAC (RFC 2104). The body's bytes are signed as received.
package struct WebhookSignature: Sendable {
    /// The digest algorithm.
    package enum Algorithm: String, Sendable, CaseIterable {
        /// HMAC with SHA-256.
        case sha256
        /// HMAC with SHA-1, for senders that have no other.
        case sha1
    }

    /// How the signature is written.
    package enum Encoding: String, Sendable, CaseIterable {
        /// Hexadecimal digits.
        case hex
        /// Base64 (RFC 4648, section 4).
        case base64
    }

    /// The signed text; its parts are joined by dots.
    package enum Content: String, Sendable, CaseIterable {
        /// The body alone. Replays are not prevented.
        case body
        /// The timestamp and the body.
        case timestampAndBody = "timestamp.body"
        /// The message's ID, the timestamp and the body.
        case idTimestampAndBody = "id.timestamp.body"

        /// Whether a timestamp is signed.
        package var hasTimestamp: Bool { self != .body }
        /// Whether the message's ID is signed.
        package var hasID: Bool { self == .idTimestampAndBody }
    }

    /// The digest algorithm.
    package var algorithm: Algorithm
    /// How the signature is written.
    package var encoding: Encoding
    /// The header field with the signature, in lower case. It may have several signatures, separated by spaces.
    package var header: String
    /// What precedes the signature in the field, for example `sha256=`; may be empty.
    package var prefix: String
    /// The signed text.
    package var content: Content
    /// The header field with the timestamp in seconds since 1970, in lower case; nil if none is signed.
    package var timestampHeader: String?
    /// How far the timestamp may be from the time of receipt, in both directions.
    package var tolerance: Duration
    /// The header field with the message's ID, in lower case; nil if none is signed.
    package var idHeader: String?
    /// The decoded secrets, at least one.
    package var secrets: [Secret]

    /// Creates a signature's description.
    package init(
        algorithm: Algorithm = .sha256, encoding: Encoding, header: String, prefix: String = "",
        content: Content = .body, timestampHeader: String? = nil, tolerance: Duration = .seconds(300),
        idHeader: String? = nil, secrets: [Secret]
    ) {
        self.algorithm = algorithm
        self.encoding = encoding
        self.header = header
        self.prefix = prefix
        self.content = content
        self.timestampHeader = timestampHeader
        self.tolerance = tolerance
        self.idHeader = idHeader
        self.secrets = secrets
    }

    /// The signature of the Standard Webhooks specification (standardwebhooks.com), version 1, symmetric.
    package static func standardWebhooks(secrets: [Secret]) -> WebhookSignature {
        WebhookSignature(
            encoding: .base64, header: "webhook-signature", prefix: "v1,", content: .idTimestampAndBody,
            timestampHeader: "webhook-timestamp", idHeader: "webhook-id", secrets: secrets)
    }

    /// The signature of GitHub's webhooks. No timestamp is signed, so replays are not prevented.
    package static func gitHub(secrets: [Secret]) -> WebhookSignature {
        WebhookSignature(encoding: .hex, header: "x-hub-signature-256", prefix: "sha256=", secrets: secrets)
    }
}

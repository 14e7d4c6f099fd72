public import AWSCore
public import Encoding

/// A message as SNS posts it to an HTTPS endpoint, parsed but not verified. Verify it with ``SNSVerifier``.
///
/// See "Parsing Amazon SNS message formats" in the Amazon SNS Developer Guide.
public struct SNSMessage: Sendable, Hashable {
    /// The type of a message, with the fields of that type.
    public enum Kind: Sendable, Hashable {
        /// A message that was published to the topic.
        ///
        /// The subject is signed if it is present, even if it is empty.
        case notification(subject: String?)
        /// SNS asks this endpoint to confirm a subscription.
        case subscriptionConfirmation(Confirmation)
        /// This endpoint was unsubscribed. Confirming this message re-subscribes it.
        case unsubscribeConfirmation(Confirmation)
    }

    /// The fields that confirm a subscription.
    public struct Confirmation: Sendable, Hashable {
        /// The token that proves to SNS that the endpoint received the message; 1 to 2048 bytes.
        public let token: String
        /// The URL in the message. Do not request it; use ``SNSMessage/confirmationURL()``.
        public let subscribeURL: String
    }

    /// The version of the signature.
    public enum SignatureVersion: String, Sendable, Hashable, Comparable {
        /// SHA-1 with RSA.
        case one = "1"
        /// SHA-256 with RSA.
        case two = "2"

        /// By number.
        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// The type of the message.
    public let kind: Kind
    /// The message id, the same for every delivery attempt; 1 to 100 bytes.
    public let messageID: String
    /// The topic that the message was published to.
    public let topic: ARN
    /// The published text, or an explanation in subscription messages; at most 512 KB.
    public let message: String
    /// The time of publishing, as received: this text is signed.
    public let timestamp: String
    /// The time of publishing.
    public let publishedAt: Timestamp
    /// The version of the signature.
    public let signatureVersion: SignatureVersion
    /// The signature; 1 to 1536 bytes.
    public let signature: [UInt8]
    /// The URL of the signing certificate, untrusted: validate it with ``SigningCertificateURL``.
    public let signingCertificateURL: String
}

extension ARN {
    /// Whether this is the ARN of an SNS topic: its name has 1 to 256 letters, digits, dashes and underscores, and may end
    /// with `.fifo` (see `CreateTopic` in the Amazon SNS API Reference).
    var isTopic: Bool {
        var name = resource.utf8[...]
        if name.count > 5, name.suffix(5).elementsEqual(".fifo".utf8) { name = name.dropLast(5) }
        return service == "sns" && (1...256).contains(resource.utf8.count)
            && name.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}

extension UInt8 {
    /// Whether this is an ASCII letter or digit.
    var isLetterOrDigit: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }

    /// Whether this is an ASCII digit.
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}

public import AWSCore

/// A message as SNS posts it to an HTTPS endpoint, taken apart but not verified: see ``SNSVerifier``.
///
/// See "Parsing Amazon SNS message formats" in the Amazon SNS Developer Guide.
public struct SNSMessage: Sendable, Hashable {
    /// What the message is, with what only such messages have.
    public enum Kind: Sendable, Hashable {
        /// Something that was published to the topic.
        ///
        /// The subject is signed if it is there at all, even when it is empty.
        case notification(subject: String?)
        /// SNS asks whether this endpoint wants the topic's messages.
        case subscriptionConfirmation(Confirmation)
        /// SNS tells that this endpoint was unsubscribed; confirming this would subscribe it again.
        case unsubscribeConfirmation(Confirmation)
    }

    /// What it takes to confirm a subscription.
    public struct Confirmation: Sendable, Hashable {
        /// Proves to SNS that the endpoint got the message; 1 to 2048 bytes.
        public let token: String
        /// The address that the message says to visit. Do not visit it: see ``SNSMessage/confirmationURL()``.
        public let subscribeURL: String
    }

    /// How a message is signed.
    public enum SignatureVersion: String, Sendable, Hashable, Comparable {
        /// SHA-1 with RSA.
        case one = "1"
        /// SHA-256 with RSA.
        case two = "2"

        /// By number.
        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// What the message is.
    public let kind: Kind
    /// The same for every attempt to deliver the message; 1 to 100 bytes.
    public let messageID: String
    /// The topic.
    public let topic: ARN
    /// What was published, or a text for people; 512 KB at most.
    public let message: String
    /// When the message was published, as it was written: this text is signed.
    public let timestamp: String
    /// When the message was published, in milliseconds since 1970.
    public let publishedAt: Int64
    /// How the message is signed.
    public let signatureVersion: SignatureVersion
    /// The signature; 1 to 1536 bytes.
    public let signature: [UInt8]
    /// Where the message says that the signing certificate is: not to be trusted before ``SigningCertificateURL`` did.
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

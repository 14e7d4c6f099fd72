import AWSCore
import ErrorCodes
import JSON

extension SNSMessage {
    /// The longest body that is read, in bytes: a message of 256 KB, SNS's own limit, with most of it escaped.
    public static let maximumBodyLength = 2_097_152

    /// Takes the body of a request apart. Members that are not needed are ignored; those that are must be strings, and the
    /// spellings `…URL` and `…Url` are the same name.
    ///
    /// - Throws: ``SNSError`` of the kind `malformed`, or `rejected` for a signature version that is not known.
    public init(parsing body: [UInt8]) throws(SNSError) {
        guard body.count <= Self.maximumBodyLength else {
            throw .malformed(.bodyTooLarge, "The body has more than \(Self.maximumBodyLength) bytes.")
        }
        let fields = try EnvelopeFields(body)
        let type = try fields.required("Type", maximum: 64)
        topic = try Self.topic(fields.required("TopicArn", maximum: ARN.maximumLength))
        messageID = try fields.required("MessageId", maximum: 100)
        message = try fields.text("Message", maximum: 524_288)
        timestamp = try fields.required("Timestamp", maximum: 64)
        guard let publishedAt = SNSTimestamp.milliseconds(timestamp) else {
            throw .malformed(.invalidTimestamp, "The Timestamp is not of the form 2026-11-22T10:00:00.123Z.")
        }
        self.publishedAt = publishedAt
        signatureVersion = try Self.signatureVersion(fields.required("SignatureVersion", maximum: 16))
        signature = try Self.signature(fields.required("Signature", maximum: 2048))
        signingCertificateURL = try fields.url("SigningCert", maximum: 2048)
        switch type {
        case "Notification":
            kind = .notification(subject: try fields.optional("Subject", maximum: 1024))
        case "SubscriptionConfirmation":
            kind = .subscriptionConfirmation(try Self.confirmation(fields))
        case "UnsubscribeConfirmation":
            kind = .unsubscribeConfirmation(try Self.confirmation(fields))
        default:
            throw .malformed(.unknownType, "The Type is none of those that SNS sends to HTTPS endpoints.")
        }
    }

    /// Refuses what SNS delivered without an envelope, and so without a signature.
    ///
    /// - Parameter isRaw: whether the request has the header `x-amz-sns-rawdelivery: true`.
    /// - Throws: ``SNSError`` with the code `raw_delivery`, if so.
    public static func requireEnvelope(isRaw: Bool) throws(SNSError) {
        if isRaw { throw .rawDelivery }
    }

    private static func topic(_ text: String) throws(SNSError) -> ARN {
        // The ARN is signed as it is written here, not as it was sent: it must be the same.
        guard let topic = ARN(text), topic.isTopic, topic.description.utf8.elementsEqual(text.utf8) else {
            throw .malformed(.invalidTopicARN, "The TopicArn is not the ARN of an SNS topic.")
        }
        return topic
    }

    private static func signatureVersion(_ text: String) throws(SNSError) -> SignatureVersion {
        guard let version = SignatureVersion(rawValue: text) else {
            throw .rejected(.signatureVersionUnknown, "The SignatureVersion is neither 1 nor 2.")
        }
        return version
    }

    private static func signature(_ text: String) throws(SNSError) -> [UInt8] {
        guard let signature = Base64.decode(text) else {
            throw .malformed(.invalidSignatureEncoding, "The Signature is not base64 (RFC 4648, section 4).")
        }
        return signature
    }

    private static func confirmation(_ fields: EnvelopeFields) throws(SNSError) -> Confirmation {
        Confirmation(
            token: try fields.required("Token", maximum: 2048),
            subscribeURL: try fields.url("Subscribe", maximum: 2048))
    }
}

/// The members of an envelope's JSON object.
private struct EnvelopeFields {
    private let members: JSON.Members

    init(_ body: [UInt8]) throws(SNSError) {
        let json: JSON
        do throws(JSONError) {
            // Message attributes, which are not signed and not needed, nest three deep.
            json = try JSON(parsing: body, limits: JSONLimits(depth: 8, values: 1000))
        } catch {
            throw .malformed(.malformedJSON, "The body is not JSON that can be read: \(error).")
        }
        guard let members = json.object, members["Type"] != nil else { throw .rawDelivery }
        self.members = members
    }

    /// A field that must be there, and have something in it.
    func required(_ name: String, maximum: Int) throws(SNSError) -> String {
        guard let value = try optional(name, maximum: maximum), !value.isEmpty else {
            throw .malformed(.fieldMissing, "The field \(name) is missing or empty.")
        }
        return value
    }

    /// A field that must be there under one of two names: with `URL` at its end, or `Url`.
    func url(_ prefix: String, maximum: Int) throws(SNSError) -> String {
        let (name, other) = (prefix + "URL", prefix + "Url")
        guard members[name] == nil || members[other] == nil else {
            throw .malformed(.fieldAmbiguous, "The field \(name) is there in both of its spellings.")
        }
        return try required(members[name] == nil && members[other] != nil ? other : name, maximum: maximum)
    }

    /// A field without control characters.
    ///
    /// SNS signs names and values with line breaks between. Only because no value but the first, the message, has a line
    /// break can a signed text be split in no other way than the one that was signed.
    func optional(_ name: String, maximum: Int) throws(SNSError) -> String? {
        let value = try string(name, maximum: maximum)
        guard value.map(Self.isPlain) ?? true else {
            throw .malformed(.fieldInvalid, "The field \(name) has a control character.")
        }
        return value
    }

    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7F { return false }
        return true
    }

    /// A field that must be there, with any text.
    func text(_ name: String, maximum: Int) throws(SNSError) -> String {
        guard let value = try string(name, maximum: maximum) else {
            throw .malformed(.fieldMissing, "The field \(name) is missing.")
        }
        return value
    }

    private func string(_ name: String, maximum: Int) throws(SNSError) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.string else {
            throw .malformed(.fieldNotAString, "The field \(name) is not a string.")
        }
        guard text.utf8.count <= maximum else {
            throw .malformed(.fieldTooLong, "The field \(name) has more than \(maximum) bytes.")
        }
        return text
    }
}

extension SNSError {
    static func malformed(_ code: ErrorCode, _ message: String) -> SNSError { SNSError(.malformed, code, message) }
    static func rejected(_ code: ErrorCode, _ message: String) -> SNSError { SNSError(.rejected, code, message) }
    static func unavailable(_ code: ErrorCode, _ message: String) -> SNSError { SNSError(.unavailable, code, message) }

    static let rawDelivery = malformed(
        .rawDelivery,
        "The message has no SNS envelope, so it has no signature. Turn raw message delivery off for this subscription.")
}

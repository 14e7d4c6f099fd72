import AWSCore
import Encoding
import ErrorCodes
import JSON

extension SNSMessage {
    /// The longest body that is parsed, in bytes: a message of 256 KB (the limit of SNS) with most characters escaped.
    public static let maximumBodyLength = 2_097_152

    /// Parses the body of a request. Unknown members are ignored; known ones must be strings. `…URL` may be spelled `…Url`.
    ///
    /// - Throws: ``SNSError`` of the kind `malformed`, or `rejected` for an unknown signature version.
    public init(parsing body: [UInt8]) throws(SNSError) {
        guard body.count <= Self.maximumBodyLength else {
            throw .malformed(.bodyTooLarge, "Body too large: it has more than \(Self.maximumBodyLength) bytes.")
        }
        let fields = try EnvelopeFields(body)
        let type = try fields.required("Type", maximum: 64)
        topic = try Self.topic(fields.required("TopicArn", maximum: ARN.maximumLength))
        messageID = try fields.required("MessageId", maximum: 100)
        message = try fields.text("Message", maximum: 524_288)
        timestamp = try fields.required("Timestamp", maximum: 64)
        guard let publishedAt = SNSTimestamp.parse(timestamp) else {
            throw .malformed(.invalidTimestamp, "Invalid Timestamp: the form is 2026-11-22T10:00:00.123Z.")
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
            throw .malformed(.unknownType, "Unknown Type: Amazon SNS does not send it to HTTPS endpoints.")
        }
    }

    /// Rejects a raw message, which has no envelope and so no signature.
    ///
    /// - Parameter isRaw: whether the request has the header `x-amz-sns-rawdelivery: true`.
    /// - Throws: ``SNSError`` with the code `raw_delivery`, if so.
    public static func requireEnvelope(isRaw: Bool) throws(SNSError) {
        if isRaw { throw .rawDelivery }
    }

    private static func topic(_ text: String) throws(SNSError) -> ARN {
        // The string to sign contains the ARN as this program formats it, so that must equal the received text.
        guard let topic = ARN(text), topic.isTopic, topic.description.utf8.elementsEqual(text.utf8) else {
            throw .malformed(.invalidTopicARN, "Invalid TopicArn: it is not the ARN of an SNS topic.")
        }
        return topic
    }

    private static func signatureVersion(_ text: String) throws(SNSError) -> SignatureVersion {
        guard let version = SignatureVersion(rawValue: text) else {
            throw .rejected(.signatureVersionUnknown, "Unknown SignatureVersion: it is neither 1 nor 2.")
        }
        return version
    }

    private static func signature(_ text: String) throws(SNSError) -> [UInt8] {
        guard let signature = Base64.decode(text) else {
            throw .malformed(.invalidSignatureEncoding, "Invalid Signature: it is not Base64 (RFC 4648, section 4).")
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
            // Message attributes, which are neither signed nor used, nest three deep.
            json = try JSON(parsing: body, limits: JSONLimits(depth: 8, values: 1000))
        } catch {
            throw .malformed(.malformedJSON, "Malformed JSON: \(error).")
        }
        guard let members = json.object, members["Type"] != nil else { throw .rawDelivery }
        self.members = members
    }

    /// A required field that must not be empty.
    func required(_ name: String, maximum: Int) throws(SNSError) -> String {
        guard let value = try optional(name, maximum: maximum), !value.isEmpty else {
            throw .malformed(.fieldMissing, "Field \(name) missing or empty.")
        }
        return value
    }

    /// A required field whose name ends in `URL` or `Url`.
    func url(_ prefix: String, maximum: Int) throws(SNSError) -> String {
        let (name, other) = (prefix + "URL", prefix + "Url")
        guard members[name] == nil || members[other] == nil else {
            throw .malformed(.fieldAmbiguous, "Field \(name) ambiguous: both spellings are present.")
        }
        return try required(members[name] == nil && members[other] != nil ? other : name, maximum: maximum)
    }

    /// An optional field without control characters.
    ///
    /// In the string to sign, names and values are separated by line breaks. It is unambiguous only because no value except the
    /// first, the message, can contain a line break.
    func optional(_ name: String, maximum: Int) throws(SNSError) -> String? {
        let value = try string(name, maximum: maximum)
        guard value.map(Self.isPlain) ?? true else {
            throw .malformed(.fieldInvalid, "Field \(name) invalid: it contains a control character.")
        }
        return value
    }

    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7F { return false }
        return true
    }

    /// A required field with any text.
    func text(_ name: String, maximum: Int) throws(SNSError) -> String {
        guard let value = try string(name, maximum: maximum) else {
            throw .malformed(.fieldMissing, "Field \(name) missing.")
        }
        return value
    }

    private func string(_ name: String, maximum: Int) throws(SNSError) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.string else {
            throw .malformed(.fieldNotAString, "Field \(name) invalid: it is not a string.")
        }
        guard text.utf8.count <= maximum else {
            throw .malformed(.fieldTooLong, "Field \(name) too long: it has more than \(maximum) bytes.")
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
        "Raw message delivery is on: the message has no signature. Turn it off for this subscription.")
}

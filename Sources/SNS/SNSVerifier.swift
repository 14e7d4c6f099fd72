public import AWSCore
import Cryptography
import ErrorCodes

/// Decides whether a message comes from SNS, and from a topic that it may come from.
public struct SNSVerifier: Sendable {
    /// The topics whose messages are taken.
    public let topics: TopicPolicy
    private let certificates: SigningCertificateCache
    private let maximumAge: Int64
    private let minimumVersion: SNSMessage.SignatureVersion

    /// Makes a verifier.
    ///
    /// - Parameters:
    ///   - topics: the topics whose messages are taken.
    ///   - certificates: where signing certificates come from.
    ///   - maximumAge: how old a message may be, in milliseconds; see ``SNSTimestamp/check(publishedAt:now:maximumAge:)``.
    ///   - minimumVersion: the lowest signature version that is taken.
    public init(
        topics: TopicPolicy, certificates: SigningCertificateCache, maximumAge: Int64,
        minimumVersion: SNSMessage.SignatureVersion = .one
    ) {
        self.topics = topics
        self.certificates = certificates
        self.maximumAge = maximumAge
        self.minimumVersion = minimumVersion
    }

    /// Checks topic, signature version, certificate address, certificate, signature, and last what depends on this machine's
    /// clock: the certificate's validity and the message's age. What is cheap comes first, and nothing is fetched for a
    /// message of another topic.
    ///
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - elapsed: the time of ``MonotonicClock``, in milliseconds.
    /// - Returns: the account and Region whose findings the message carries.
    /// - Throws: ``SNSError`` of the kind `rejected`, or `unavailable` if the signature could not be checked just now, or
    ///   if the message is genuine and the clock speaks against it.
    @discardableResult
    public func verify(
        _ message: SNSMessage, now: Int64, elapsed: Int64 = MonotonicClock.milliseconds()
    ) async throws(SNSError) -> AccountRegion {
        let accountRegion = try topics.accountRegion(of: message.topic)
        guard message.signatureVersion >= minimumVersion else {
            throw .rejected(
                .signatureVersionTooLow,
                "The topic signs with version 1, which sns.minimumSignatureVersion forbids. Set the topic's attribute "
                    + "SignatureVersion to 2.")
        }
        let url = try SigningCertificateURL(message.signingCertificateURL, topic: message.topic)
        let signing = try await certificates.certificate(at: url, now: now, elapsed: elapsed)
        let isGenuine: Bool
        do throws(CryptographyError) {
            isGenuine = try signing.certificate.verify(
                signature: message.signature, over: message.stringToSign, digest: message.signatureVersion.digest)
        } catch {
            throw .unavailable(
                .signatureUnverifiable,
                "\(error). If SHA-1 is forbidden here, set the topic's attribute SignatureVersion to 2.")
        }
        guard isGenuine else {
            throw .rejected(
                .signatureMismatch, "The signature does not fit the message. Somebody may be forging messages.")
        }
        try signing.checkValidity(now: now)
        try SNSTimestamp.check(publishedAt: message.publishedAt, now: now, maximumAge: maximumAge)
        return accountRegion
    }
}

extension SNSMessage.SignatureVersion {
    /// What the signature is made over.
    var digest: SignatureDigest {
        switch self {
        case .one: .sha1
        case .two: .sha256
        }
    }
}

public import AWSCore
import Cryptography
public import Encoding
import ErrorCodes

/// Verifies that a message comes from SNS and from an allowed topic.
public struct SNSVerifier: Sendable {
    /// The allowed topics.
    public let topics: TopicPolicy
    private let certificates: SigningCertificateCache
    private let maximumAge: Duration
    private let minimumVersion: SNSMessage.SignatureVersion

    /// Creates a verifier.
    ///
    /// - Parameters:
    ///   - topics: the allowed topics.
    ///   - certificates: the source of signing certificates.
    ///   - maximumAge: the maximum age of a message; see ``SNSTimestamp/check(publishedAt:now:maximumAge:)``.
    ///   - minimumVersion: the lowest signature version that is accepted.
    public init(
        topics: TopicPolicy, certificates: SigningCertificateCache, maximumAge: Duration,
        minimumVersion: SNSMessage.SignatureVersion = .one
    ) {
        self.topics = topics
        self.certificates = certificates
        self.maximumAge = maximumAge
        self.minimumVersion = minimumVersion
    }

    /// Verifies a message: topic, signature version, certificate URL, certificate, signature, and finally what depends on this
    /// machine's clock, the certificate's validity and the message's age. Cheap checks come first, and nothing is fetched for a
    /// topic that is not allowed.
    ///
    /// - Parameters:
    ///   - now: the present time.
    ///   - elapsed: the time of ``MonotonicClock``.
    /// - Returns: the account and Region that the message's findings belong to.
    /// - Throws: ``SNSError`` of the kind `rejected`, or `unavailable` if the signature could not be verified at the moment, or
    ///   if the message is genuine but invalid by this machine's clock.
    @discardableResult
    public func verify(
        _ message: SNSMessage, now: Timestamp, elapsed: Duration = MonotonicClock.elapsed()
    ) async throws(SNSError) -> AccountRegion {
        let accountRegion = try topics.accountRegion(of: message.topic)
        guard message.signatureVersion >= minimumVersion else {
            throw .rejected(
                .signatureVersionTooLow,
                "SignatureVersion too low: the topic signs with version 1, below sns.minimumSignatureVersion. Set the topic's "
                    + "attribute SignatureVersion to 2.")
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
                "Verifying the signature failed: \(error). If OpenSSL forbids SHA-1, set the topic's attribute SignatureVersion to 2."
            )
        }
        guard isGenuine else {
            throw .rejected(
                .signatureMismatch,
                "Signature mismatch: the signature does not match the message. Messages may be forged.")
        }
        try signing.checkValidity(now: now)
        try SNSTimestamp.check(publishedAt: message.publishedAt, now: now, maximumAge: maximumAge)
        return accountRegion
    }
}

extension SNSMessage.SignatureVersion {
    /// The digest that is signed.
    var digest: SignatureDigest {
        switch self {
        case .one: .sha1
        case .two: .sha256
        }
    }
}

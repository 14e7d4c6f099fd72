public import Cryptography
public import Encoding
import ErrorCodes

/// A certificate that SNS signs with, and its validity.
public struct SigningCertificate: Sendable {
    /// The certificate.
    public let certificate: Certificate
    /// The validity period in seconds since 1970: of the certificate, and of its issuers if they came with it.
    let validity: ClosedRange<Int64>

    /// Checks that the certificate is valid by this machine's clock.
    ///
    /// - Throws: ``SNSError`` with the code `signing_certificate_not_valid`, of the kind `unavailable`: the certificate is
    ///   genuine, so this machine's clock is probably wrong.
    public func checkValidity(now: Timestamp) throws(SNSError) {
        guard !validity.contains(now.milliseconds / 1000) else { return }
        throw .unavailable(
            .signingCertificateNotValid,
            "Signing certificate expired or not valid yet. Check this machine's clock.")
    }
}

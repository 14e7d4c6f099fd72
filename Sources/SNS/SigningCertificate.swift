public import Cryptography
import ErrorCodes

/// A certificate that SNS signs with, and when it may be used.
public struct SigningCertificate: Sendable {
    /// The certificate.
    public let certificate: Certificate
    /// The seconds since 1970 at which it is valid, and those that issued it, too, as far as they came with it.
    let validity: ClosedRange<Int64>

    /// Checks that the certificate is valid by this machine's clock.
    ///
    /// - Parameter now: milliseconds since 1970.
    /// - Throws: ``SNSError`` with the code `signing_certificate_not_valid`, of the kind `unavailable`: the certificate is
    ///   SNS's own, so the clock may well be wrong.
    public func checkValidity(now: Int64) throws(SNSError) {
        guard !validity.contains(now / 1000) else { return }
        throw .unavailable(
            .signingCertificateNotValid,
            "The message's signing certificate is not valid at this time. Check this machine's clock.")
    }
}

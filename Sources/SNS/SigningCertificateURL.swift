public import AWSCore
import ErrorCodes

/// The address of a certificate that SNS signs with, in the one form that is taken:
/// `https://sns.<Region>.<suffix>/SimpleNotificationService-<letters and digits>.pem`, on the host of the topic's own
/// Region.
///
/// It is compared byte for byte and never taken apart by a URL parser, so that there is nothing that two parsers could
/// understand differently. A pattern for Regions would not do: `sns.s3-us-west-2.amazonaws.com` is anybody's bucket.
public struct SigningCertificateURL: Sendable, Hashable, CustomStringConvertible {
    /// The Region whose SNS has the certificate.
    public let region: Region
    /// The address as it was given.
    public let description: String

    /// Checks an address from a message of a topic.
    ///
    /// - Throws: ``SNSError`` with the code `signing_certificate_url_rejected`.
    public init(_ text: String, topic: ARN) throws(SNSError) {
        let region = topic.accountRegion.region
        let (start, end) = ("https://" + region.snsHost + "/SimpleNotificationService-", ".pem")
        let rest = text.utf8.dropFirst(start.utf8.count)
        guard text.utf8.starts(with: start.utf8), rest.suffix(end.utf8.count).elementsEqual(end.utf8) else {
            throw .urlRejected(region)
        }
        let name = rest.dropLast(end.utf8.count)
        guard (1...128).contains(name.count), name.allSatisfy(\.isLetterOrDigit) else { throw .urlRejected(region) }
        self.region = region
        description = text
    }
}

extension Region {
    /// The host of SNS in this Region (see "Amazon Simple Notification Service endpoints" in the AWS General Reference).
    var snsHost: String { "sns." + name + "." + partition.dnsSuffix }
}

extension SNSError {
    fileprivate static func urlRejected(_ region: Region) -> SNSError {
        rejected(
            .signingCertificateURLRejected,
            "The SigningCertURL is not that of a certificate of https://\(region.snsHost). Somebody may be forging messages."
        )
    }
}

public import AWSCore
import ErrorCodes

/// The validated URL of a certificate that SNS signs with. The only accepted form is
/// `https://sns.<Region>.<suffix>/SimpleNotificationService-<letters and digits>.pem`, on the host of the topic's Region.
///
/// The URL is compared byte by byte and never parsed, so that no two parsers can disagree. A pattern for Regions would not be
/// safe: `sns.s3-us-west-2.amazonaws.com` can be any customer's bucket.
public struct SigningCertificateURL: Sendable, Hashable, CustomStringConvertible {
    /// The Region of the host.
    public let region: Region
    /// The URL.
    public let description: String

    /// Validates a URL from a message of a topic.
    ///
    /// - Throws: ``SNSError`` with the code `signing_certificate_url_refused`.
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
            "SigningCertURL rejected: it is not a certificate's on https://\(region.snsHost). Messages may be forged."
        )
    }
}

import AWSCore
import Cryptography
import Encoding

/// The version of SNS's signatures.
package enum TopicSignatureVersion: String, Sendable, Hashable, CaseIterable {
    /// RSA with SHA-1, the default of topics.
    case one = "1"
    /// RSA with SHA-256.
    case two = "2"

    fileprivate var digest: SignatureDigest {
        switch self {
        case .one: .sha1
        case .two: .sha256
        }
    }
}

/// Signs messages like SNS, and provides the certificates for their verification.
struct TopicSigner: Sendable {
    /// A message's signature.
    struct Signature {
        let version: TopicSignatureVersion
        let base64: String
        let certificateURL: String
    }

    private let key: PrivateKey
    private let certificates: [String: (path: String, pem: [UInt8])]

    /// Generates a key, and its certificate for each Region.
    ///
    /// - Parameter validity: seconds since 1970.
    init(
        regions: [Region], authority: CertificateAuthority, validity: ClosedRange<Int64>
    ) throws(CryptographyError) {
        key = try PrivateKey(generating: .rsa(bits: 2048))
        var certificates: [String: (path: String, pem: [UInt8])] = [:]
        for region in regions {
            let name = Self.commonName(region)
            let pem = try authority.issue(commonName: name, dnsNames: [name], validity: validity, key: key).pem()
            let digest = Digest.hexadecimal(Array(Digest.sha256(pem).prefix(16)))
            certificates[region.snsHost] = ("/SimpleNotificationService-\(digest).pem", pem)
        }
        self.certificates = certificates
    }

    /// The certificate at a path of a Region's SNS host.
    func certificate(host: String, path: some StringProtocol) -> [UInt8]? {
        certificates[host].flatMap { $0.path == path ? $0.pem : nil }
    }

    /// Signs a message; nil if SNS has no certificate in its Region.
    func sign(
        _ message: TopicMessage, version: TopicSignatureVersion
    ) throws(CryptographyError) -> Signature? {
        let host = message.topic.accountRegion.region.snsHost
        guard let certificate = certificates[host] else { return nil }
        let signature = try key.sign(Array(message.stringToSign.utf8), digest: version.digest)
        return Signature(
            version: version, base64: Base64.encode(signature),
            certificateURL: "https://\(host)\(certificate.path)")
    }

    /// The common name of AWS's signing certificates. Regions opened before 2019 share a name; opt-in Regions have
    /// their own.
    static func commonName(_ region: Region) -> String {
        if region.partition == .awsUSGov { return "sns-us-gov-west-1.amazonaws.com" }
        if region.partition == .awsCN { return "sns-\(region).amazonaws.com.cn" }
        let optIn: Set = [
            "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4",
            "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1",
            "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
        ]
        return optIn.contains(region.name) ? "sns-signing.\(region).amazonaws.com" : "sns.amazonaws.com"
    }
}

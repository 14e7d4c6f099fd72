import AWSCore
import Cryptography

/// The keys and certificates of SNS's hosts, generated at every start.
struct SNSCertificate {
    let authorityPEM: String
    let tls: TLSServerContext
    let signer: TopicSigner

    /// - Parameter now: milliseconds since 1970.
    init(regions: [Region], now: Int64) throws(CryptographyError) {
        let day: Int64 = 86_400
        let validity = (now / 1000 - day)...(now / 1000 + 30 * day)
        let authority = try CertificateAuthority(
            commonName: "LocalAWS", validity: validity, key: PrivateKey(generating: .p256))
        let key = try PrivateKey(generating: .p256)
        let hosts = regions.map(\.snsHost)
        let certificate = try authority.issue(
            commonName: hosts.first ?? "sns", dnsNames: hosts, validity: validity, key: key)
        authorityPEM = String(decoding: try authority.certificate.pem(), as: UTF8.self)
        tls = try TLSServerContext(certificateChainPEM: certificate.pem(), privateKeyPEM: key.pem())
        signer = try TopicSigner(regions: regions, authority: authority, validity: validity)
    }
}

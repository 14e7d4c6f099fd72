import Cryptography
import Foundation
import Testing

/// A certificate for `localhost` and the authority that clients must trust, generated for each run.
struct TestCertificates {
    let context: TLSServerContext
    /// The authority's certificate.
    let authorityPEM: [UInt8]

    static var shared: TestCertificates { get throws { try result.get() } }

    private static let result = Result { try TestCertificates() }

    private init() throws {
        let now = Int64(Date().timeIntervalSince1970)
        let validity = (now - 3600)...(now + 86_400)
        let authorityKey = try PrivateKey(generating: .p256)
        let authority = try CertificateAuthority(commonName: "Test Authority", validity: validity, key: authorityKey)
        let key = try PrivateKey(generating: .p256)
        let certificate = try authority.issue(
            commonName: "localhost", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], validity: validity, key: key)
        context = try TLSServerContext(certificateChainPEM: certificate.pem(), privateKeyPEM: key.pem())
        authorityPEM = try authority.certificate.pem()
    }
}

import Cryptography
import TestSupport
import Testing

@Suite("Trusted authorities")
struct TrustStoreTests {
    private let key: PrivateKey
    private let authority: CertificateAuthority
    private let leaf: Certificate

    init() throws {
        key = try PrivateKey(generating: .p256)
        authority = try CertificateAuthority(commonName: "Test CA", validity: 1000...9000, key: key)
        leaf = try authority.issue(commonName: "a", validity: 5000...99_000, key: key)
    }

    @Test("a chain is valid as long as all of it is")
    func validity() throws {
        let store = try TrustStore(authorities: [authority.certificate])
        #expect(try store.validity(of: [leaf], at: 5000) == 5000...9000)
        #expect(try store.validity(of: [leaf, authority.certificate], at: 8999) == 5000...9000)
        for seconds: Int64 in [4999, 9001, 0, 100_000] {
            #expect(throws: CryptographyError.self) { try store.validity(of: [leaf], at: seconds) }
        }
    }

    @Test("a certificate that is not an authority, or a different authority of the same name, is not trusted")
    func foreign() throws {
        let other = try CertificateAuthority(
            commonName: "Test CA", validity: 1000...9000, key: PrivateKey(generating: .p256))
        let forged = try other.issue(commonName: "a", validity: 5000...99_000, key: key)
        let store = try TrustStore(authorities: [authority.certificate])
        for chain in [[forged], [forged, other.certificate], [forged, authority.certificate], []] {
            #expect(throws: CryptographyError.self) { try store.validity(of: chain, at: 6000) }
        }
        #expect(throws: CryptographyError.self) {
            try TrustStore(authorities: []).validity(of: [leaf, authority.certificate], at: 6000)
        }
    }

    @Test("authorities are loaded from a file or from the system")
    func sources() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(authority.certificate.pem(), as: "authorities.pem")
        #expect(try TrustStore(file: file).validity(of: [leaf], at: 6000) == 5000...9000)
        let system = try TrustStore(file: nil)
        #expect(throws: CryptographyError.self) { try system.validity(of: [leaf], at: 6000) }
        #expect(throws: CryptographyError.self) { try TrustStore(file: folder.path("missing")) }
        let noise = try folder.write(Array("nothing".utf8), as: "noise.pem")
        #expect(throws: CryptographyError.self) { try TrustStore(file: noise) }
    }
}

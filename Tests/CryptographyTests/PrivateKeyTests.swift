import Cryptography
import TestSupport
import Testing

@Suite("Private keys")
struct PrivateKeyTests {
    @Test(
        "a written key is parsed again, and its certificate verifies its signatures",
        arguments: [
            PrivateKey.Kind.rsa(bits: 2048), .p256,
        ])
    func roundTrip(kind: PrivateKey.Kind) throws {
        let key = try PrivateKey(generating: kind)
        let again = try PrivateKey(pem: key.pem())
        let certificate = try CertificateAuthority(commonName: "a", validity: 0...1, key: key).certificate
        let message = Array("a message".utf8)
        for digest in [SignatureDigest.sha1, .sha256] {
            let signature = try again.sign(message, digest: digest)
            #expect(try certificate.verify(signature: signature, over: message, digest: digest))
        }
    }

    @Test("a modulus out of range is rejected", arguments: [0, -1, 1024, 8193, Int.max, Int.min])
    func modulusOutOfRange(bits: Int) {
        #expect(throws: CryptographyError.self) { try PrivateKey(generating: .rsa(bits: bits)) }
    }

    @Test("an encrypted key is rejected without a password prompt")
    func encrypted() async throws {
        let directory = try TemporaryFolder()
        try await Program.openssl([
            "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc", "-pass",
            "pass:secret", "-out", directory.path("key.pem"),
        ])
        let error = try #require(throws: CryptographyError.self) { try PrivateKey(pem: directory.read("key.pem")) }
        #expect(error.message.contains("must be unencrypted PEM"))
    }

    @Test(
        "a text that is not a key is rejected",
        arguments: [
            "", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\n", String(repeating: " ", count: 65_537),
        ])
    func noKey(text: String) {
        #expect(throws: CryptographyError.self) { try PrivateKey(pem: Array(text.utf8)) }
    }

    @Test("a key from OpenSSL's command line is parsed, also in the older format")
    func foreignKeys() async throws {
        let directory = try TemporaryFolder()
        try await Program.openssl([
            "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", directory.path("ec.pem"),
        ])
        try await Program.openssl(["genrsa", "-traditional", "-out", directory.path("rsa.pem"), "2048"])
        for name in ["ec.pem", "rsa.pem"] {
            #expect(throws: Never.self) { try PrivateKey(pem: directory.read(name)) }
        }
    }

    @Test("printing a key does not show it")
    func printing() throws {
        let key = try PrivateKey(generating: .p256)
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!"\(key)\(dumped)".contains("BEGIN"))
        #expect("\(key)".utf8.count < 80)
    }
}

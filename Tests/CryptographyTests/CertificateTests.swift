import Cryptography
import Foundation
import TestSupport
import Testing

@Suite("Certificates")
struct CertificateTests {
    private let key: PrivateKey
    private let authority: CertificateAuthority

    init() throws {
        key = try PrivateKey(generating: .p256)
        authority = try CertificateAuthority(commonName: "Test CA", validity: 1000...2_000_000_000, key: key)
    }

    @Test("an issued certificate has the requested names and validity")
    func fields() throws {
        let rsa = try PrivateKey(generating: .rsa(bits: 2048))
        let certificate = try authority.issue(
            commonName: "sns.amazonaws.com", dnsNames: ["a.example", "*.b.example"],
            ipAddresses: ["127.0.0.1", "::1"], validity: 1_700_000_000...4_102_444_800, key: rsa)
        let again = try Certificate(pem: certificate.pem())
        #expect(again.commonName == "sns.amazonaws.com")
        #expect(again.dnsNames == ["a.example", "*.b.example"])
        #expect(again.notBefore == 1_700_000_000)
        #expect(again.notAfter == 4_102_444_800)
        #expect(again.keyKind == .rsa)
        #expect(again.keyBits == 2048)
        #expect(authority.certificate.keyKind == .ellipticCurve)
        #expect(authority.certificate.keyBits == 256)
        #expect(authority.certificate.dnsNames.isEmpty)
    }

    @Test("OpenSSL's command line accepts the chain for the issued names, and for no others")
    func chainVerifies() async throws {
        let directory = try TemporaryFolder()
        let leaf = try authority.issue(
            commonName: "localhost", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"],
            validity: 1000...2_000_000_000, key: key)
        let root = try directory.write(authority.certificate.pem(), as: "root.pem")
        let file = try directory.write(leaf.pem(), as: "leaf.pem")
        let base = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-attime", "5000", "-CAfile", root]
        let wanted = try await Program.run(base + ["-verify_hostname", "localhost", file])
        #expect(wanted.status == 0, "\(wanted.errors)")
        #expect(try await Program.run(base + ["-verify_ip", "127.0.0.1", file]).status == 0)
        #expect(try await Program.run(base + ["-verify_hostname", "other.example", file]).status != 0)
    }

    @Test("a certificate is valid from its first to its last second")
    func validity() throws {
        let certificate = try authority.issue(commonName: "a", validity: 5000...6000, key: key)
        #expect(!certificate.isValid(at: 4999))
        #expect(certificate.isValid(at: 5000))
        #expect(certificate.isValid(at: 6000))
        #expect(!certificate.isValid(at: 6001))
        #expect(!certificate.isValid(at: Int64.max))
        #expect(!certificate.isValid(at: Int64.min))
    }

    @Test("host names match the DNS names only, and a wildcard matches one whole label")
    func hostNames() throws {
        let named = try authority.issue(
            commonName: "common.example", dnsNames: ["a.example", "*.b.example", "c*.d.example"], validity: 0...1,
            key: key)
        for name in ["a.example", "A.EXAMPLE", "x.b.example"] { #expect(named.matches(hostName: name)) }
        for name in [
            "", "common.example", "b.example", "a.example\0", "x.y.b.example", "a.example.evil", "a.example\0.evil",
            "\0",
            "cx.d.example",
            "a.examplé",
        ] {
            #expect(!named.matches(hostName: name), "\(name)")
        }
        let unnamed = try authority.issue(commonName: "common.example", validity: 0...1, key: key)
        #expect(unnamed.matches(hostName: "common.example"))
    }

    @Test("a signature is valid for its message, digest and key only")
    func signatures() throws {
        let rsa = try PrivateKey(generating: .rsa(bits: 2048))
        let certificate = try authority.issue(commonName: "a", validity: 0...1, key: rsa)
        let message = Array("a message".utf8)
        let signature = try rsa.sign(message, digest: .sha256)
        #expect(try certificate.verify(signature: signature, over: message, digest: .sha256))
        #expect(try !certificate.verify(signature: signature, over: message, digest: .sha1))
        #expect(try !certificate.verify(signature: signature, over: message + [0], digest: .sha256))
        #expect(try !certificate.verify(signature: signature, over: [], digest: .sha256))
        #expect(try !authority.certificate.verify(signature: signature, over: message, digest: .sha256))
        #expect(try !certificate.verify(signature: [], over: message, digest: .sha256))
        #expect(try !certificate.verify(signature: signature.dropLast(), over: message, digest: .sha256))
        #expect(try !certificate.verify(signature: signature + [0], over: message, digest: .sha256))
        for index in stride(from: 0, to: signature.count, by: 17) {
            var flipped = signature
            flipped[index] ^= 1
            #expect(try !certificate.verify(signature: flipped, over: message, digest: .sha256))
        }
    }

    @Test("an RSA-PSS signature is not accepted as PKCS #1 version 1.5")
    func otherPadding() async throws {
        let directory = try TemporaryFolder()
        let rsa = try PrivateKey(generating: .rsa(bits: 2048))
        let certificate = try authority.issue(commonName: "a", validity: 0...1, key: rsa)
        let keyFile = try directory.write(rsa.pem(), as: "key.pem")
        let messageFile = try directory.write([1, 2, 3], as: "message")
        try await Program.openssl([
            "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sign", keyFile, "-out",
            directory.path("signature"), messageFile,
        ])
        let signature = try directory.read("signature")
        #expect(signature.count == 256)
        #expect(try !certificate.verify(signature: signature, over: [1, 2, 3], digest: .sha256))
    }

    @Test("a single certificate is parsed only without other text")
    func standsAlone() throws {
        let pem = try authority.certificate.pem()
        let text = String(decoding: pem, as: UTF8.self)
        let other = try String(decoding: key.pem(), as: UTF8.self)
        for accepted in [text, "\n \t\r\n" + text + "\r\n\n", text.replacing("\n", with: "\r\n")] {
            #expect(throws: Never.self) { try Certificate(pem: Array(accepted.utf8)) }
        }
        let bodyStart = try #require(text.firstIndex(of: "\n"))
        let cut = text[..<text.index(bodyStart, offsetBy: 200)]
        for rejected in [
            "", " ", "no certificate", text + text, text + other, other, "comment\n" + text, text + "comment",
            text.replacing(" CERTIFICATE", with: " TRUSTED CERTIFICATE"), String(cut),
            cut + "\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n" + text.dropFirst(28),
            "-----BEGIN CERTIFICATE-----\nProc-Type: 4,MIC-CLEAR\n\n" + text.dropFirst(28),
            text + String(repeating: "\n", count: 65_536), text + "-----BEGIN CERTIFICATE-----\n",
        ] {
            #expect(throws: CryptographyError.self, "\(rejected.prefix(60))") {
                try Certificate(pem: Array(rejected.utf8))
            }
        }
    }

    @Test("a chain has its certificates in order, and only certificates")
    func chain() throws {
        let leaf = try authority.issue(commonName: "leaf", validity: 0...1, key: key)
        let text = try "leaf:\n".utf8 + leaf.pem() + "\nroot:\n".utf8 + authority.certificate.pem()
        #expect(try Certificate.chain(pem: text).map(\.commonName) == ["leaf", "Test CA"])
        let withKey = try text + key.pem()
        #expect(throws: CryptographyError.self) { try Certificate.chain(pem: withKey) }
        #expect(throws: CryptographyError.self) { try Certificate.chain(pem: Array("nothing".utf8)) }
        #expect(throws: CryptographyError.self) { try Certificate.chain(pem: []) }
        let truncated = text + Array("-----BEGIN CERTIFICATE-----\nAAAA\n".utf8)
        #expect(throws: CryptographyError.self) { try Certificate.chain(pem: truncated) }
        let otherLabel = String(decoding: text, as: UTF8.self).replacing(" CERTIFICATE", with: " X509 CERTIFICATE")
        #expect(throws: CryptographyError.self) { try Certificate.chain(pem: Array(otherLabel.utf8)) }
    }

    @Test("a certificate with trailing bytes is rejected")
    func trailingBytes() throws {
        let lines = try String(decoding: authority.certificate.pem(), as: UTF8.self).split(separator: "\n")
        let der = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
        for (suffix, isAccepted) in [([], true), ([0], false), ([0x30, 0x00], false)] as [([UInt8], Bool)] {
            let body = (der + suffix).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
            let pem = Array("-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n".utf8)
            #expect(((try? Certificate(pem: pem)) != nil) == isAccepted)
        }
    }

    @Test("mutated bytes are rejected or parsed, and never trap")
    func mutations() throws {
        let text = try authority.issue(
            commonName: "leaf", dnsNames: ["a.example"], validity: 0...1, key: key
        ).pem()
        var outcomes: Set<Bool> = []
        // Only letters of the Base64 text are changed, so that most mutations reach the decoder.
        for index in 28..<text.count - 27 {
            for letter in "AQgw/".utf8 {
                var mutated = text
                mutated[index] = letter
                let certificate = try? Certificate(pem: mutated)
                outcomes.insert(certificate != nil)
                guard let certificate else { continue }
                _ = certificate.matches(hostName: "a.example")
                #expect((try? certificate.verify(signature: [1], over: [2], digest: .sha256)) != true)
            }
        }
        #expect(outcomes == [true, false])
    }

    @Test("reused verification contexts do not change results, on any thread")
    func repeatedChecks() async throws {
        let rsa = try PrivateKey(generating: .rsa(bits: 2048))
        for (key, digests) in [(rsa, [SignatureDigest.sha1, .sha256]), (key, [.sha256])] {
            let certificate = try authority.issue(commonName: "leaf", validity: 0...1, key: key)
            let other = try authority.issue(commonName: "other", validity: 0...1, key: PrivateKey(generating: .p256))
            await withThrowingTaskGroup { group in
                for number in 0..<60 {
                    group.addTask {
                        let digest = digests[number % digests.count]
                        let message = Array("message \(number)".utf8) + [UInt8](repeating: 7, count: 40 * number)
                        let signature = try key.sign(message, digest: digest)
                        #expect(try certificate.verify(signature: signature, over: message, digest: digest))
                        #expect(try !certificate.verify(signature: signature, over: message + [0], digest: digest))
                        #expect(try !certificate.verify(signature: [], over: message, digest: digest))
                        #expect(try !other.verify(signature: signature, over: message, digest: digest))
                        #expect(try certificate.verify(signature: signature, over: message, digest: digest))
                    }
                }
            }
        }
    }

    @Test("a value that a certificate cannot have is rejected")
    func impossibleValues() throws {
        let authority = authority
        let key = key
        #expect(throws: CryptographyError.self) { try authority.issue(commonName: "", validity: 0...1, key: key) }
        let long = String(repeating: "a", count: 65)
        #expect(throws: CryptographyError.self) { try authority.issue(commonName: long, validity: 0...1, key: key) }
        for name in ["", "a,DNS:b", "a\0b", "é.example", "a b"] {
            #expect(throws: CryptographyError.self) {
                try authority.issue(commonName: "a", dnsNames: [name], validity: 0...1, key: key)
            }
        }
        for address in ["", "1.2.3", "1.2.3.4,DNS:a", "dead"] {
            #expect(throws: CryptographyError.self) {
                try authority.issue(commonName: "a", ipAddresses: [address], validity: 0...1, key: key)
            }
        }
        #expect(throws: CryptographyError.self) {
            try authority.issue(commonName: "a", validity: 0...Int64.max, key: key)
        }
    }
}

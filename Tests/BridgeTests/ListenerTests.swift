import Cryptography
import Encoding
import EventLoop
import Fixtures
import FoundationEssentials
import HTTPServer
import HTTPTypes
import JSON
import Logging
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Bridge
@testable import Intake

@Suite("Listener configuration") struct ListenerTests {
    @Test(
        "Connections are limited by file descriptors, and a larger configured limit is rejected",
        arguments: [
            (nil, 1024, 768), (nil, 300, 150), (nil, 1_000_000, 16_384), (500, 1024, 500), (768, 1024, 768),
            (769, 1024, nil), (500_000, 1_000_000, 500_000),
        ] as [(Int?, Int, Int?)])
    func connections(wanted: Int?, limit: Int, expected: Int?) throws {
        guard let expected else {
            #expect(throws: ConfigurationError.self) {
                try ListenerConfiguration.connections(wanted, descriptorLimit: limit)
            }
            return
        }
        #expect(try ListenerConfiguration.connections(wanted, descriptorLimit: limit) == expected)
    }

    @Test("Durations in the access log have three decimal places")
    func accessLog() throws {
        #expect(AccessLog.milliseconds(.microseconds(1_234_567)) == "1234.567")
        #expect(AccessLog.milliseconds(.nanoseconds(5999)) == "0.005")
    }

    @Test(
        "A certificate that is not valid or expires soon causes a warning",
        arguments: [
            (0, 90, 30, nil), (0, 90, 75, nil), (0, 90, 77, "expires in 13 days"), (0, 90, 89, "expires in 24 hours"),
            (0, 90, 91, "certificate expired"), (10, 90, 5, "not valid yet"), (0, 6, 3, nil),
            (0, 6, 5, "expires in 24 hours"),
        ] as [(Int64, Int64, Int64, String?)])
    func expiry(from: Int64, to: Int64, now: Int64, expected: String?) {
        let warning = TLSCertificate.expiryWarning(
            notBefore: from * 86_400, notAfter: to * 86_400, now: now * 86_400)
        #expect((warning == nil) == (expected == nil))
        if let expected { #expect(warning?.contains(expected) == true, "\(warning ?? "")") }
    }
}

@Suite("TLSCertificate") struct TLSCertificateTests {
    private struct Pair {
        let certificate: [UInt8]
        let key: [UInt8]

        init(_ name: String, _ kind: PrivateKey.Kind = .p256, days: Int64 = 90) throws {
            let seconds = Int64(Date().timeIntervalSince1970)
            let validity = (seconds - 60)...(seconds + days * 86_400)
            let authority = try CertificateAuthority(
                commonName: "Test CA", validity: validity, key: PrivateKey(generating: .p256))
            let key = try PrivateKey(generating: kind)
            certificate = try authority.issue(commonName: name, dnsNames: [name], validity: validity, key: key).pem()
            self.key = try key.pem()
        }
    }

    private let folder: TemporaryFolder
    private let files: BridgeConfiguration.TLSFiles

    init() throws {
        folder = try TemporaryFolder()
        files = BridgeConfiguration.TLSFiles(certificate: folder.path("c.pem"), privateKey: folder.path("k.pem"))
        try write(Pair("first"))
    }

    private func write(_ pair: Pair) throws {
        try folder.write(pair.certificate, as: "c.pem")
        try folder.write(pair.key, as: "k.pem")
    }

    private func name(_ outcome: TLSCertificate.Outcome) -> String {
        switch outcome {
        case .unchanged: "unchanged"
        case .changing: "changing"
        case .replaced(let context): "replaced \(context.certificate.commonName ?? "")"
        case .failed: "failed"
        }
    }

    @Test("New files are loaded when they are unchanged for two polls, or immediately on reload")
    func replaced() throws {
        let tlsCertificate = try TLSCertificate(files)
        #expect(name(tlsCertificate.poll(isSteady: true)) == "unchanged")
        #expect(name(tlsCertificate.poll(isSteady: false)) == "unchanged")
        try write(Pair("second", .rsa(bits: 2048)))
        #expect(name(tlsCertificate.poll(isSteady: true)) == "changing")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "replaced second")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "unchanged")
        try write(Pair("third"))
        #expect(name(tlsCertificate.poll(isSteady: false)) == "replaced third")
        #expect(tlsCertificate.context.certificate.commonName == "third")
        #expect(tlsCertificate.warnings(now: WallClock.now()) == [])
    }

    @Test("Unusable files are rejected once, and the certificate in use stays", arguments: ["key", "text", "gone"])
    func rejected(kind: String) throws {
        let tlsCertificate = try TLSCertificate(files)
        let now = WallClock.now()
        let first = try folder.read("k.pem")
        switch kind {
        case "key": try folder.write(Pair("other").key, as: "k.pem")
        case "text": try folder.write("no key", as: "k.pem")
        default: try FileManager.default.removeItem(atPath: folder.path("k.pem"))
        }
        #expect(name(tlsCertificate.poll(isSteady: true)) == "changing")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "failed")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "unchanged")
        #expect(name(tlsCertificate.poll(isSteady: false)) == "failed")
        #expect(tlsCertificate.context.certificate.commonName == "first")
        #expect(tlsCertificate.warnings(now: now).count == 1)
        #expect(tlsCertificate.warnings(now: now).first?.contains("listen.tls.") == true)
        try folder.write(first, as: "k.pem")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "unchanged")
        #expect(tlsCertificate.warnings(now: now) == [])
    }

    @Test("Session ticket keys are rotated with the certificate in use, not with another")
    func tickets() throws {
        let tlsCertificate = try TLSCertificate(files)
        let before = tlsCertificate.context
        let fresh = try #require(try tlsCertificate.renewTickets())
        #expect(fresh !== before && tlsCertificate.context === fresh)
        try write(Pair("second"))
        #expect(try tlsCertificate.renewTickets() == nil)
    }

    @Test("A certificate that does not match its key prevents the start, with the reason")
    func mismatch() throws {
        try folder.write(Pair("other").key, as: "k.pem")
        let error = #expect(throws: ConfigurationError.self) { try TLSCertificate(files) }
        #expect(error?.key == "listen.tls.certificate")
        #expect(error?.problem.contains("does not match the first certificate") == true)
    }
}

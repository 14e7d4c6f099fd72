import Cryptography
import Testing

@Suite("TLS sessions with hostile or early input")
struct TLSSessionTests {
    private let key: PrivateKey
    private let leaf: Certificate
    private let context: TLSServerContext

    init() throws {
        key = try PrivateKey(generating: .p256)
        let validity: ClosedRange<Int64> = 0...4_102_444_800
        leaf = try CertificateAuthority(commonName: "Test CA", validity: validity, key: key)
            .issue(commonName: "localhost", validity: validity, key: key)
        context = try TLSServerContext(certificateChainPEM: leaf.pem(), privateKeyPEM: key.pem())
    }

    @Test(
        "a key that does not match the certificate is rejected with that reason",
        arguments: [
            PrivateKey.Kind.p256, .rsa(bits: 2048),
        ])
    func mismatch(kind: PrivateKey.Kind) throws {
        let other = try PrivateKey(generating: kind)
        let error = try #require(throws: CryptographyError.self) {
            try TLSServerContext(certificateChainPEM: leaf.pem(), privateKeyPEM: other.pem())
        }
        #expect(error.message == "The TLS private key does not match the first certificate of the chain.")
    }

    @Test("swapped or empty files are rejected")
    func swapped() throws {
        #expect(throws: CryptographyError.self) {
            try TLSServerContext(certificateChainPEM: key.pem(), privateKeyPEM: leaf.pem())
        }
        #expect(throws: CryptographyError.self) {
            try TLSServerContext(certificateChainPEM: [], privateKeyPEM: key.pem())
        }
        #expect(throws: CryptographyError.self) {
            try TLSServerContext(certificateChainPEM: leaf.pem(), privateKeyPEM: [])
        }
    }

    @Test(
        "input that is not TLS closes the session permanently",
        arguments: [
            Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), [UInt8](repeating: 0, count: 100),
            [UInt8](repeating: 0xFF, count: 100), [0x16, 0x03, 0x01, 0xFF, 0xFF, 0x01],
            [0x15, 0x03, 0x03, 0x00, 0x02, 2, 40],
            [0x17, 0x03, 0x03, 0x00, 0x01, 0x00],
        ])
    func garbage(bytes: [UInt8]) throws {
        let session = try TLSServerSession(context: context)
        let error = try #require(throws: TLSError.self) { try session.receive(bytes.span) }
        #expect(error.reason == .handshakeFailed)
        #expect(!error.details.isEmpty)
        #expect(throws: error) { try session.receive(bytes.span) }
        #expect(throws: error) { try session.takePlaintext(maximum: 1) }
        #expect(throws: error) { try session.send([1]) }
        #expect(!session.isHandshakeComplete)
        #expect(!session.peerHasClosed)
        session.close()
        #expect(session.takeCiphertext().count <= 7)
        #expect(session.takeCiphertext().isEmpty)
    }

    @Test("a partial client hello is waited for, wherever it is cut")
    func truncated() throws {
        for length in 0..<Self.clientHello.count {
            let session = try TLSServerSession(context: context)
            let (start, rest) = (Self.clientHello[..<length], Self.clientHello[length...])
            try session.receive(start.span)
            #expect(session.takeCiphertext().isEmpty)
            #expect(try session.takePlaintext(maximum: 100).isEmpty)
            #expect(!session.isHandshakeComplete)
            try session.receive(rest.span)
            #expect(session.takeCiphertext().count > 300)
        }
    }

    @Test("a mutated client hello is accepted or rejected, and never traps")
    func changedHello() throws {
        var outcomes: Set<Bool> = []
        for index in Self.clientHello.indices {
            for change: UInt8 in [0x01, 0x80, 0xFF] {
                var hello = Self.clientHello
                hello[index] ^= change
                let session = try TLSServerSession(context: context)
                let accepted = (try? session.receive(hello.span)) != nil
                outcomes.insert(accepted)
                #expect(!session.isHandshakeComplete)
            }
        }
        #expect(outcomes == [true, false])
    }

    @Test("more data than a session may hold is rejected before it is copied")
    func tooMuch() throws {
        let session = try TLSServerSession(context: context)
        let bytes = [UInt8](repeating: 0x16, count: TLSServerSession.maximumReceived + 1)
        let error = try #require(throws: TLSError.self) { try session.receive(bytes.span) }
        #expect(error.reason == .tooMuchBuffered)
    }

    @Test("nothing is sent before the handshake, not even on close")
    func earlySend() throws {
        let session = try TLSServerSession(context: context)
        let error = try #require(throws: TLSError.self) { try session.send([1]) }
        #expect(error.reason == .handshakeIncomplete)
        session.close()
        let nothing: [UInt8] = []
        try session.receive(nothing.span)
        #expect(session.takeCiphertext().isEmpty)
        #expect(!session.peerHasClosed)
    }

    /// A client hello of TLS 1.2 with X25519, P-256 and ECDHE-ECDSA-AES128-GCM-SHA256.
    private static let clientHello: [UInt8] = {
        let extensions: [UInt8] =
            [0x00, 0x0A, 0x00, 0x06, 0x00, 0x04, 0x00, 0x1D, 0x00, 0x17]
            + [0x00, 0x0D, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03]
            + [0x00, 0x10, 0x00, 0x0B, 0x00, 0x09, 0x08] + Array("http/1.1".utf8)
            + [0xFF, 0x01, 0x00, 0x01, 0x00]
        let body: [UInt8] =
            [0x03, 0x03] + (0..<32).map { UInt8($0) } + [0x00, 0x00, 0x02, 0xC0, 0x2B, 0x01, 0x00]
            + [0x00, UInt8(extensions.count)] + extensions
        let message = [0x01, 0x00, 0x00, UInt8(body.count)] + body
        return [0x16, 0x03, 0x01, 0x00, UInt8(message.count)] + message
    }()
}

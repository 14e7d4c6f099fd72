import COpenSSL
import Cryptography
import Testing

@Suite("Renegotiation of TLS sessions")
struct RenegotiationTests {
    @Test("a client that renegotiates TLS 1.2 gets a no_renegotiation alert")
    func rejected() throws {
        let key = try PrivateKey(generating: .p256)
        let validity: ClosedRange<Int64> = 0...4_102_444_800
        let leaf = try CertificateAuthority(commonName: "Test CA", validity: validity, key: key)
            .issue(commonName: "localhost", validity: validity, key: key)
        let context = try TLSServerContext(certificateChainPEM: leaf.pem(), privateKeyPEM: key.pem())
        let session = try TLSServerSession(context: context)
        let client = try OpenSSLClient()
        for _ in 0..<4 {
            _ = client.handshake()
            try client.exchange(with: session)
        }
        #expect(session.isHandshakeComplete)
        #expect(client.handshake() == nil)

        client.requestRenegotiation()
        _ = client.handshake()
        try client.exchange(with: session)
        #expect(client.handshake() == "no renegotiation")
        #expect(!session.peerHasClosed)
    }
}

/// OpenSSL's TLS 1.2 client over memory BIOs, because Python's cannot renegotiate.
private final class OpenSSLClient {
    private let context: OpaquePointer
    private let session: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    init() throws {
        context = try #require(SSL_CTX_new(TLS_client_method()))
        // SSL_OP_NO_TLSv1_3, a macro that Swift cannot import.
        SSL_CTX_set_options(context, 1 << 29)
        session = try #require(SSL_new(context))
        input = try #require(BIO_new(BIO_s_mem()))
        output = try #require(BIO_new(BIO_s_mem()))
        SSL_set_bio(session, input, output)
        SSL_set_connect_state(session)
    }

    deinit {
        SSL_free(session)
        SSL_CTX_free(context)
    }

    /// Continues the handshake; returns the reason if it failed.
    func handshake() -> String? {
        ERR_clear_error()
        let result = SSL_do_handshake(session)
        guard result != 1, SSL_get_error(session, result) == SSL_ERROR_SSL else { return nil }
        return ERR_reason_error_string(ERR_peek_error()).map { String(cString: $0) }
    }

    func requestRenegotiation() { #expect(SSL_renegotiate(session) == 1) }

    /// Exchanges the pending bytes of both sides.
    func exchange(with server: TLSServerSession) throws {
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = Int(BIO_read(output, &bytes, Int32(bytes.count)))
        if count > 0 {
            let arrived = bytes[..<count]
            try server.receive(arrived.span)
            #expect(try server.takePlaintext(maximum: 100).isEmpty)
        }
        let response = server.takeCiphertext()
        guard !response.isEmpty else { return }
        #expect(BIO_write(input, response, Int32(response.count)) == Int32(response.count))
    }
}

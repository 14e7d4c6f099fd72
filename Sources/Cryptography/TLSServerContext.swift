import COpenSSL

/// The certificates, the key and the settings that all TLS sessions of a server share.
///
/// TLS 1.2 (RFC 5246) with forward-secret authenticated ciphers, and TLS 1.3 (RFC 8446); ALPN protocol `http/1.1` if
/// the client offers protocols (RFC 7301); the handshake fails if it offers only others. Sessions are resumed by
/// stateless tickets (RFC 5077), whose keys live as long as the context. Renegotiation, compression, early data and
/// client certificates are disabled.
///
/// Sendable: nothing modifies an `SSL_CTX` after `init`, and OpenSSL allows threads to share it (it locks its own
/// mutable state, such as counters and ticket keys).
public final class TLSServerContext: @unchecked Sendable {
    let pointer: OpaquePointer
    /// The server's own certificate, the first of the chain.
    public let certificate: Certificate

    /// Makes a server's context.
    ///
    /// - Parameters:
    ///   - certificateChainPEM: the server's certificate, followed by the intermediate ones in order; at most 64 KB.
    ///   - privateKeyPEM: the unencrypted key of the first certificate; at most 64 KB.
    /// - Throws: ``CryptographyError`` if either cannot be parsed, or the key does not match the first certificate.
    public init(certificateChainPEM: [UInt8], privateKeyPEM: [UInt8]) throws(CryptographyError) {
        let chain = try Certificate.chain(pem: certificateChainPEM)
        let key = try PrivateKey(pem: privateKeyPEM)
        pointer = try openSSL("TLS is not available.") { SSL_CTX_new(TLS_server_method()) }
        certificate = chain[0]
        try setRules()
        try use(chain, key)
    }

    deinit { SSL_CTX_free(pointer) }

    private func setRules() throws(CryptographyError) {
        let failure = "This machine's OpenSSL does not allow the TLS settings that the server needs."
        try openSSLStatus(failure) { COpenSSL_SSL_CTX_set_min_proto_version(pointer, TLS1_2_VERSION) }
        try openSSLStatus(failure) {
            SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK")
        }
        COpenSSL_SSL_CTX_forbid_renegotiation_and_compression(pointer)
        COpenSSL_SSL_CTX_prefer_server_ciphers(pointer)
        COpenSSL_SSL_CTX_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS))
        // No session cache: tickets carry the state of clients that reconnect.
        COpenSSL_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
        SSL_CTX_set_alpn_select_cb(
            pointer,
            { _, output, outputLength, offered, offeredLength, _ in
                let list = UnsafeBufferPointer(start: offered, count: Int(offeredLength))
                guard let range = rangeOfHTTP11(in: list) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
                output?.pointee = list.baseAddress.map { $0 + range.lowerBound }
                outputLength?.pointee = UInt8(range.count)
                return SSL_TLSEXT_ERR_OK
            }, nil)
    }

    private func use(_ chain: [Certificate], _ key: PrivateKey) throws(CryptographyError) {
        try openSSLStatus("The TLS certificate cannot be used by a server.") {
            SSL_CTX_use_certificate(pointer, certificate.handle.pointer)
        }
        for intermediate in chain.dropFirst() {
            try openSSLStatus("A certificate of the TLS certificate chain cannot be used.") {
                COpenSSL_SSL_CTX_add1_chain_cert(pointer, intermediate.handle.pointer)
            }
        }
        let mismatch = "The TLS private key does not match the first certificate of the chain."
        try openSSLStatus(mismatch) { SSL_CTX_use_PrivateKey(pointer, key.handle.pointer) }
        try openSSLStatus(mismatch) { SSL_CTX_check_private_key(pointer) }
    }
}

/// The position of `http/1.1` in a protocol list (RFC 7301, section 3.1), in which a length byte precedes each name.
private func rangeOfHTTP11(in list: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    var position = 0
    while position < list.count {
        let name = position + 1..<position + 1 + Int(list[position])
        guard name.upperBound <= list.count else { return nil }
        if list[name].elementsEqual("http/1.1".utf8) { return name }
        position = name.upperBound
    }
    return nil
}

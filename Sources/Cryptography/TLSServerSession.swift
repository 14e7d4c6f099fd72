import COpenSSL

/// The server side of one TLS connection, without a socket: the caller moves the bytes.
///
/// For each chunk from the socket, call ``receive(_:)``, then ``takePlaintext(maximum:)`` until it returns nothing,
/// then write the result of ``takeCiphertext()`` to the socket. Do the last also after ``send(_:)``, after ``close()``,
/// and after an error, which may produce an alert for the peer. A session buffers received data up to
/// ``maximumReceived``; the caller bounds the sent data.
///
/// After an error the session is closed: every further throwing call throws the same error.
///
/// Not Sendable: an `SSL` belongs to one thread at a time.
public final class TLSServerSession {
    /// The maximum number of pending ciphertext bytes in a session.
    public static let maximumReceived = 262_144

    /// The largest `BIO` to keep for an idle connection.
    private static let keptBufferLength = 20_480

    private let pointer: OpaquePointer
    /// Owned by the `SSL`.
    private var input: OpaquePointer
    private var output: OpaquePointer
    private var largestInput = 0
    private var failure: TLSError?
    private var isClosed = false

    /// Starts a session, waiting for the client's first bytes.
    ///
    /// - Throws: ``TLSError`` with the reason `unavailable` if memory is exhausted.
    public init(context: TLSServerContext) throws(TLSError) {
        ERR_clear_error()
        guard let session = SSL_new(context.pointer) else {
            throw TLSError(.unavailable, details: drainErrorQueue())
        }
        guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
            SSL_free(session)
            throw TLSError(.unavailable, details: drainErrorQueue())
        }
        SSL_set_bio(session, input, output)
        SSL_set_accept_state(session)
        pointer = session
        self.input = input
        self.output = output
    }

    deinit { SSL_free(pointer) }

    /// Whether the handshake is complete, so that data can be sent.
    public var isHandshakeComplete: Bool { SSL_is_init_finished(pointer) == 1 }

    /// The protocol version, for example `TLSv1.3`; nil before the handshake is complete.
    public var protocolVersion: String? {
        isHandshakeComplete ? SSL_get_version(pointer).map { String(cString: $0) } : nil
    }

    /// Whether the session was resumed.
    public var isResumed: Bool { SSL_session_reused(pointer) == 1 }

    /// Whether the peer has closed its sending side (`close_notify`). A connection that ends without it may have been
    /// truncated by an attacker.
    public var peerHasClosed: Bool {
        // OpenSSL sets the flag for a fatal alert, too.
        failure == nil && SSL_get_shutdown(pointer) & SSL_RECEIVED_SHUTDOWN != 0
    }

    /// Accepts bytes from the peer, and continues the handshake. Bytes after the peer's `close_notify` are ignored.
    ///
    /// - Throws: ``TLSError`` if the handshake failed, or if more than ``maximumReceived`` bytes would be pending.
    public func receive(_ ciphertext: Span<UInt8>) throws(TLSError) {
        if let failure { throw failure }
        guard !ciphertext.isEmpty, !peerHasClosed else { return }
        let waiting = BIO_ctrl_pending(input) + ciphertext.count
        guard waiting <= Self.maximumReceived else { throw fail(.tooMuchBuffered) }
        largestInput = max(largestInput, waiting)
        ERR_clear_error()
        let written = ciphertext.withUnsafeBytes { BIO_write(input, $0.baseAddress, Int32($0.count)) }
        guard Int(written) == ciphertext.count else { throw fail(.unavailable) }
        guard !isHandshakeComplete else { return }
        let result = SSL_do_handshake(pointer)
        guard result == 1 || SSL_get_error(pointer, result) == SSL_ERROR_WANT_READ else {
            throw fail(.handshakeFailed)
        }
    }

    /// Removes and returns decrypted data from the peer. An empty result means that there is none until more bytes are
    /// received, or that the peer has closed; otherwise there may be more.
    ///
    /// - Parameter maximum: the maximum number of bytes to return; at least 1.
    /// - Throws: ``TLSError`` if a record is not authentic or not allowed, once all data ahead of it was returned.
    public func takePlaintext(maximum: Int) throws(TLSError) -> [UInt8] {
        if let failure { throw failure }
        guard isHandshakeComplete else { return [] }
        var plaintext: [UInt8] = []
        while plaintext.count < maximum {
            guard let length = try nextRecordLength(hasPlaintext: !plaintext.isEmpty), length > 0 else { break }
            let wanted = min(length, maximum - plaintext.count)
            let record = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                _ = SSL_read_ex(pointer, buffer.baseAddress, buffer.count, &count)
            }
            if plaintext.isEmpty { plaintext = record } else { plaintext.append(contentsOf: record) }
        }
        shrinkInput()
        return plaintext
    }

    /// Decrypts the next complete record, and returns its length; nil if there is none.
    private func nextRecordLength(hasPlaintext: Bool) throws(TLSError) -> Int? {
        if SSL_pending(pointer) > 0 { return Int(SSL_pending(pointer)) }
        ERR_clear_error()
        var byte: UInt8 = 0
        let result = SSL_peek(pointer, &byte, 1)
        if result > 0 { return Int(SSL_pending(pointer)) }
        switch SSL_get_error(pointer, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_ZERO_RETURN: return nil
        default:
            let error = fail(.protocolViolation)
            if hasPlaintext { return nil }
            throw error
        }
    }

    /// Encrypts data for the peer; take it with ``takeCiphertext()``.
    ///
    /// - Throws: ``TLSError`` before the handshake is complete, and after ``close()``.
    public func send(_ plaintext: [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        guard !isClosed else { throw TLSError(.closed) }
        guard isHandshakeComplete else { throw TLSError(.handshakeIncomplete) }
        guard !plaintext.isEmpty else { return }
        ERR_clear_error()
        var written = 0
        guard SSL_write_ex(pointer, plaintext, plaintext.count, &written) == 1, written == plaintext.count else {
            throw fail(.protocolViolation)
        }
    }

    /// Removes and returns the bytes to write to the socket.
    public func takeCiphertext() -> [UInt8] {
        let ciphertext = takeAllBytes(from: output)
        if ciphertext.count > Self.keptBufferLength, let fresh = BIO_new(BIO_s_mem()) {
            SSL_set0_wbio(pointer, fresh)
            output = fresh
        }
        return ciphertext
    }

    /// Closes the sending side (`close_notify`); take it with ``takeCiphertext()``. Does nothing before the handshake
    /// is complete, after an error, or the second time.
    public func close() {
        guard failure == nil, !isClosed, isHandshakeComplete else { return }
        isClosed = true
        ERR_clear_error()
        _ = SSL_shutdown(pointer)
        ERR_clear_error()
    }

    private func fail(_ reason: TLSError.Reason) -> TLSError {
        let error = TLSError(reason, details: drainErrorQueue())
        failure = error
        return error
    }

    /// Frees the memory of a large chunk once it was read: a `BIO` itself never shrinks.
    private func shrinkInput() {
        guard largestInput > Self.keptBufferLength, BIO_ctrl_pending(input) == 0, let fresh = BIO_new(BIO_s_mem())
        else {
            return
        }
        SSL_set0_rbio(pointer, fresh)
        input = fresh
        largestInput = 0
    }
}

@available(*, unavailable)
extension TLSServerSession: Sendable {}

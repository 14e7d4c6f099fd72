import COpenSSL

/// Verifies signatures with one key and one digest. OpenSSL needs longer for the setup than for a verification, so it
/// is reused.
///
/// `@unchecked Sendable`: a user removes it from ``SignatureChecks`` first, so that only one thread has it at a time.
private final class SignatureCheck: @unchecked Sendable {
    private let hashing: DigestContext
    private let context: OpaquePointer

    /// - Parameter key: an `EVP_PKEY`, which is retained.
    /// - Throws: ``CryptographyError`` if this machine's OpenSSL does not support such signatures.
    init(key: OpaquePointer, digest: SignatureDigest) throws(CryptographyError) {
        let hashing = try DigestContext()
        let context = try openSSL("Out of memory.") { EVP_PKEY_CTX_new(key, nil) }
        do throws(CryptographyError) {
            let failure = "This machine's OpenSSL does not support this type of signature."
            try openSSLStatus(failure) { EVP_PKEY_verify_init(context) }
            try openSSLStatus(failure) { EVP_PKEY_CTX_set_signature_md(context, digest.implementation) }
            try openSSLStatus(failure) { EVP_DigestInit_ex(hashing.pointer, digest.implementation, nil) }
        } catch {
            EVP_PKEY_CTX_free(context)
            throw error
        }
        self.hashing = hashing
        self.context = context
    }

    deinit { EVP_PKEY_CTX_free(context) }

    func run(signature: [UInt8], over message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        // Without a digest, restarts with the same one.
        guard EVP_DigestInit_ex(hashing.pointer, nil, nil) == 1,
            EVP_DigestUpdate(hashing.pointer, message, message.count) == 1
        else { return false }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { digest in
            var length: UInt32 = 0
            return EVP_DigestFinal_ex(hashing.pointer, digest.baseAddress, &length) == 1
                && EVP_PKEY_verify(context, signature, signature.count, digest.baseAddress, Int(length)) == 1
        }
    }
}

/// A pool of verification contexts for one key: for each digest as many as ever ran concurrently.
///
/// `@unchecked Sendable`: `free` is accessed with the lock held only. The lock is OpenSSL's, because the thread
/// sanitizer does not see Swift's `Mutex`.
final class SignatureChecks: @unchecked Sendable {
    private var free: [SignatureDigest: [SignatureCheck]] = [:]
    private let lock: UnsafeMutableRawPointer

    init() {
        guard let lock = CRYPTO_THREAD_lock_new() else { preconditionFailure("cannot create a lock") }
        self.lock = lock
    }

    deinit { CRYPTO_THREAD_lock_free(lock) }

    /// Whether a signature over a message was made with the key; false for an invalid signature.
    ///
    /// - Parameter key: an `EVP_PKEY`, always the same.
    /// - Throws: ``CryptographyError`` if this machine's OpenSSL does not support such signatures.
    func verify(
        signature: [UInt8], over message: [UInt8], digest: SignatureDigest, key: OpaquePointer
    ) throws(CryptographyError) -> Bool {
        let pooled = withLock { free[digest]?.popLast() }
        let check = if let pooled { pooled } else { try SignatureCheck(key: key, digest: digest) }
        defer { withLock { free[digest, default: []].append(check) } }
        return check.run(signature: signature, over: message)
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        CRYPTO_THREAD_write_lock(lock)
        defer { CRYPTO_THREAD_unlock(lock) }
        return body()
    }
}

import COpenSSL

/// A private key with its public key.
public struct PrivateKey: Sendable {
    /// The type of key to generate.
    public enum Kind: Sendable, Hashable {
        /// RSA with a modulus of 2048 to 8192 bits.
        case rsa(bits: Int)
        /// The elliptic curve P-256 (FIPS 186-5).
        case p256
    }

    let handle: KeyHandle

    /// Generates a key.
    ///
    /// - Throws: ``CryptographyError`` for a modulus out of range, or if OpenSSL fails.
    public init(generating kind: Kind) throws(CryptographyError) {
        let message = "The key could not be generated."
        let pointer: OpaquePointer
        switch kind {
        case .rsa(let bits):
            guard (2048...8192).contains(bits) else {
                throw CryptographyError("An RSA key must have 2048 to 8192 bits, not \(bits).")
            }
            pointer = try openSSL(message) { COpenSSL_EVP_RSA_gen(UInt32(bits)) }
        case .p256:
            pointer = try openSSL(message) { COpenSSL_EVP_EC_gen("P-256") }
        }
        handle = KeyHandle(owning: pointer)
    }

    /// Parses a PEM key: PKCS #8, or the older formats of RSA and elliptic-curve keys. Encrypted keys are rejected,
    /// because a service cannot prompt for a password.
    ///
    /// - Throws: ``CryptographyError`` if the text has no such key, or more than 64 KB.
    public init(pem: [UInt8]) throws(CryptographyError) {
        guard (1...PEM.maximumLength).contains(pem.count) else {
            throw CryptographyError("The private key is not PEM: it has \(pem.count) bytes, not 1 to 65536.")
        }
        let bio = try MemoryBIO(pem)
        let pointer = try openSSL("The private key cannot be read. It must be unencrypted PEM.") {
            // Without a failing callback, OpenSSL would prompt for the password on the terminal.
            PEM_read_bio_PrivateKey(bio.pointer, nil, { _, _, _, _ in -1 }, nil)
        }
        handle = KeyHandle(owning: pointer)
    }

    /// The key as unencrypted PEM (PKCS #8): a secret.
    ///
    /// - Throws: ``CryptographyError`` if OpenSSL cannot write it.
    public func pem() throws(CryptographyError) -> [UInt8] {
        let bio = try MemoryBIO()
        try openSSLStatus("The private key cannot be written.") {
            PEM_write_bio_PrivateKey(bio.pointer, handle.pointer, nil, nil, 0, nil, nil)
        }
        return bio.takeAll()
    }

    /// Signs a message: RSA PKCS #1 version 1.5 (RFC 8017) or ECDSA, depending on the key.
    ///
    /// - Throws: ``CryptographyError`` if OpenSSL rejects the digest.
    public func sign(_ message: [UInt8], digest: SignatureDigest) throws(CryptographyError) -> [UInt8] {
        let failure = "The message could not be signed."
        let context = try DigestContext()
        try openSSLStatus(failure) {
            EVP_DigestSignInit(context.pointer, nil, digest.implementation, nil, handle.pointer)
        }
        var length = 0
        try openSSLStatus(failure) { EVP_DigestSign(context.pointer, nil, &length, message, message.count) }
        var signature = [UInt8](repeating: 0, count: length)
        try openSSLStatus(failure) { EVP_DigestSign(context.pointer, &signature, &length, message, message.count) }
        signature.removeLast(signature.count - length)
        return signature
    }
}

/// Owns one reference to an `EVP_PKEY`.
///
/// Sendable: nothing modifies a key after it was made, its reference count is atomic, and OpenSSL protects its internal
/// caches with locks, so that threads may use one key concurrently.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Parameter pointer: a reference, which this object takes over.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }
}

import COpenSSL

/// A private key with its public key.
public struct PrivateKey: Sendable {
    /// What to generate.
    public enum Kind: Sendable, Hashable {
        /// RSA with a modulus of so many bits: 2048 to 8192.
        case rsa(bits: Int)
        /// The elliptic curve P-256 (FIPS 186-5).
        case p256
    }

    let handle: KeyHandle

    /// Makes a new key.
    ///
    /// - Throws: ``CryptographyError`` for a modulus out of range, or if OpenSSL cannot make one.
    public init(generating kind: Kind) throws(CryptographyError) {
        let message = "The key could not be generated."
        let pointer: OpaquePointer
        switch kind {
        case .rsa(let bits):
            guard (2048...8192).contains(bits) else {
                throw CryptographyError("An RSA key has 2048 to 8192 bits here, not \(bits).")
            }
            pointer = try openSSL(message) { COpenSSL_EVP_RSA_gen(UInt32(bits)) }
        case .p256:
            pointer = try openSSL(message) { COpenSSL_EVP_EC_gen("P-256") }
        }
        handle = KeyHandle(owning: pointer)
    }

    /// Reads a key from PEM: PKCS #8, or the older forms of RSA and elliptic-curve keys. Encrypted keys are refused, as
    /// nobody is there to type a password.
    ///
    /// - Throws: ``CryptographyError`` if there is no such key in the text, or more than 64 KB of it.
    public init(pem: [UInt8]) throws(CryptographyError) {
        guard (1...PEM.maximumLength).contains(pem.count) else {
            throw CryptographyError("The private key is not PEM: it has \(pem.count) bytes, not 1 to 65536.")
        }
        let bio = try MemoryBIO(pem)
        let pointer = try openSSL("The private key cannot be read; it must be PEM and not encrypted.") {
            // Without a callback that refuses, OpenSSL would ask for the password on the terminal.
            PEM_read_bio_PrivateKey(bio.pointer, nil, { _, _, _, _ in -1 }, nil)
        }
        handle = KeyHandle(owning: pointer)
    }

    /// The key as PEM (PKCS #8, not encrypted): a secret.
    ///
    /// - Throws: ``CryptographyError`` if OpenSSL cannot write it.
    public func pem() throws(CryptographyError) -> [UInt8] {
        let bio = try MemoryBIO()
        try openSSLStatus("The private key cannot be written.") {
            PEM_write_bio_PrivateKey(bio.pointer, handle.pointer, nil, nil, 0, nil, nil)
        }
        return bio.takeAll()
    }

    /// Signs a message: RSA PKCS #1 version 1.5 (RFC 8017) or ECDSA, as the key is.
    ///
    /// - Throws: ``CryptographyError`` if OpenSSL refuses the digest.
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
/// Sendable: nothing here changes a key after it was made, its reference count is atomic, and OpenSSL guards the caches
/// inside of it with locks, so that threads may use one key at the same time.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Parameter pointer: a reference that becomes this object's.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }
}

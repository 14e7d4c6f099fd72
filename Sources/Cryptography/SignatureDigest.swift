import COpenSSL

/// The digest that a signature is made over.
public enum SignatureDigest: Sendable, Hashable {
    /// SHA-1, which SNS uses for signature version 1. Do not choose it for anything new.
    case sha1
    /// SHA-256.
    case sha256

    var implementation: OpaquePointer? {
        switch self {
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        }
    }
}

/// Owns an `EVP_MD_CTX`, the state of one signing or verifying.
struct DigestContext: ~Copyable {
    let pointer: OpaquePointer

    init() throws(CryptographyError) {
        pointer = try openSSL("Out of memory.") { EVP_MD_CTX_new() }
    }

    deinit { EVP_MD_CTX_free(pointer) }
}

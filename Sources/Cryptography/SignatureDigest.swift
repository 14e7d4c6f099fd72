import COpenSSL

/// The digest algorithm of a signature.
public enum SignatureDigest: Sendable, Hashable {
    /// SHA-1, for SNS's signature version 1, and for HMAC of senders that have no other.
    case sha1
    /// SHA-256.
    case sha256

    /// The length of a digest in bytes.
    public var length: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        }
    }

    var implementation: OpaquePointer? {
        switch self {
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        }
    }
}

/// Owns an `EVP_MD_CTX`, the state of one signing or verification.
struct DigestContext: ~Copyable {
    let pointer: OpaquePointer

    init() throws(CryptographyError) {
        pointer = try openSSL("Out of memory.") { EVP_MD_CTX_new() }
    }

    deinit { EVP_MD_CTX_free(pointer) }
}

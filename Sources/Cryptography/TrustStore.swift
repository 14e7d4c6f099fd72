import COpenSSL

/// The trusted certificate authorities.
///
/// Sendable: OpenSSL protects an `X509_STORE` with its own lock, so that threads may verify chains concurrently, and
/// nothing modifies it after it was made.
public final class TrustStore: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// Loads the authorities of a file.
    ///
    /// - Parameter file: the path of a file of PEM certificates; nil for the system's authorities.
    /// - Throws: ``CryptographyError`` if the file cannot be read.
    public init(file: String?) throws(CryptographyError) {
        pointer = try openSSL("Out of memory.") { X509_STORE_new() }
        try openSSLStatus("The file of certificate authorities cannot be read.") {
            if let file { X509_STORE_load_file(pointer, file) } else { X509_STORE_set_default_paths(pointer) }
        }
    }

    /// Makes a store of the given authorities.
    ///
    /// - Throws: ``CryptographyError`` if OpenSSL rejects one.
    public init(authorities: [Certificate]) throws(CryptographyError) {
        pointer = try openSSL("Out of memory.") { X509_STORE_new() }
        for authority in authorities {
            try openSSLStatus("A certificate authority's certificate is invalid.") {
                X509_STORE_add_cert(pointer, authority.handle.pointer)
            }
        }
    }

    deinit { X509_STORE_free(pointer) }

    /// Verifies that a chain leads to one of the authorities (RFC 5280, section 6). Keys and signatures with less than
    /// 112 bits of security, such as RSA keys below 2048 bits and SHA-1, are rejected. The certificate's purpose is not
    /// checked.
    ///
    /// - Parameters:
    ///   - chain: the certificate, followed by its issuers in any order.
    ///   - seconds: the time to verify at, in seconds since 1970.
    /// - Returns: the first and the last second at which every certificate of the chain is valid.
    /// - Throws: ``CryptographyError`` if the chain does not lead to a trusted authority.
    public func validity(of chain: [Certificate], at seconds: Int64) throws(CryptographyError) -> ClosedRange<Int64> {
        guard let leaf = chain.first else { throw CryptographyError("The chain has no certificate.") }
        let others = try openSSL("Out of memory.") { COpenSSL_sk_X509_new_null() }
        defer { COpenSSL_sk_X509_free(others) }
        for certificate in chain.dropFirst() {
            try openSSLStatus("Out of memory.") { COpenSSL_sk_X509_push(others, certificate.handle.pointer) }
        }
        let context = try openSSL("Out of memory.") { X509_STORE_CTX_new() }
        defer { X509_STORE_CTX_free(context) }
        try openSSLStatus("Out of memory.") { X509_STORE_CTX_init(context, pointer, leaf.handle.pointer, others) }
        let parameters = X509_STORE_CTX_get0_param(context)
        X509_VERIFY_PARAM_set_time(parameters, Int(seconds))
        X509_VERIFY_PARAM_set_auth_level(parameters, 2)
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard X509_verify_cert(context) == 1 else {
            let reason = String(cString: X509_verify_cert_error_string(Int(X509_STORE_CTX_get_error(context))))
            throw CryptographyError("The certificate's chain does not lead to a trusted authority: \(reason).")
        }
        let verified = X509_STORE_CTX_get0_chain(context)
        var validity = Int64.min...Int64.max
        for index in 0..<COpenSSL_sk_X509_num(verified) {
            guard let certificate = COpenSSL_sk_X509_value(verified, index), X509_up_ref(certificate) == 1,
                let own = try CertificateHandle(owning: certificate).validity()
            else { throw CryptographyError("A certificate of the chain has an empty validity period.") }
            validity = validity.clamped(to: own)
        }
        return validity
    }
}

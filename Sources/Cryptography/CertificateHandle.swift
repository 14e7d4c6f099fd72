import COpenSSL

/// Owns one reference to an `X509`.
///
/// Sendable: nothing modifies a certificate after it was wrapped, its reference count is atomic, and OpenSSL protects
/// its internal caches with a lock, so that threads may read one certificate concurrently.
final class CertificateHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Reusable contexts for verifying signatures with the certificate's key.
    let checks = SignatureChecks()

    /// - Parameter pointer: a reference, which this object takes over.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    /// Decodes a certificate that must fill all of the bytes.
    convenience init(der: [UInt8]) throws(CryptographyError) {
        let decoded = try openSSL("The certificate cannot be decoded.") {
            der.withUnsafeBufferPointer { buffer -> (certificate: OpaquePointer, length: Int)? in
                guard let start = buffer.baseAddress else { return nil }
                var end: UnsafePointer<UInt8>? = start
                guard let certificate = d2i_X509(nil, &end, buffer.count), let end else { return nil }
                return (certificate, end - start)
            }
        }
        self.init(owning: decoded.certificate)
        guard decoded.length == der.count else {
            throw CryptographyError("The certificate has trailing bytes.")
        }
    }

    deinit { X509_free(pointer) }

    /// The public key; owned by the certificate.
    func publicKey() throws(CryptographyError) -> OpaquePointer {
        try openSSL("The certificate's public key cannot be read.") { X509_get0_pubkey(pointer) }
    }

    func commonName() -> String? {
        let subject = X509_get_subject_name(pointer)
        let first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        guard first >= 0, X509_NAME_get_index_by_NID(subject, NID_commonName, first) == -1 else { return nil }
        var text: UnsafeMutablePointer<UInt8>?
        let length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)))
        defer {
            COpenSSL_free(text)
            ERR_clear_error()
        }
        guard length >= 0, let text else { return nil }
        return String(validating: UnsafeBufferPointer(start: text, count: Int(length)), as: UTF8.self)
    }

    func dnsNames() -> [String] {
        defer { ERR_clear_error() }
        guard let extensionValue = X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(extensionValue)
        defer { GENERAL_NAMES_free(names) }
        return (0..<COpenSSL_sk_GENERAL_NAME_num(names)).compactMap { index in
            var type: Int32 = 0
            guard let value = GENERAL_NAME_get0_value(COpenSSL_sk_GENERAL_NAME_value(names, index), &type),
                type == GEN_DNS
            else { return nil }
            let text = value.assumingMemoryBound(to: ASN1_STRING.self)
            let bytes = UnsafeBufferPointer(
                start: ASN1_STRING_get0_data(text), count: Int(max(0, ASN1_STRING_length(text))))
            return String(validating: bytes, as: UTF8.self)
        }
    }

    /// The first and the last second of validity, since 1970; nil if the range is empty.
    func validity() throws(CryptographyError) -> ClosedRange<Int64>? {
        let start = try secondsSince1970(X509_get0_notBefore(pointer))
        let end = try secondsSince1970(X509_get0_notAfter(pointer))
        return start <= end ? start...end : nil
    }

    func secondsSince1970(_ time: UnsafePointer<ASN1_TIME>?) throws(CryptographyError) -> Int64 {
        let epoch = try openSSL("Out of memory.") { ASN1_TIME_set(nil, 0) }
        defer { ASN1_TIME_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        try openSSLStatus("The certificate has an invalid date.") {
            // Without a time OpenSSL would use the current time.
            time == nil ? 0 : ASN1_TIME_diff(&days, &seconds, epoch, time)
        }
        return Int64(days) * 86_400 + Int64(seconds)
    }
}

import COpenSSL

/// A private certificate authority, for service stand-ins and tests.
public struct CertificateAuthority: Sendable {
    /// The authority's self-signed certificate, which clients must trust.
    public let certificate: Certificate
    private let key: PrivateKey

    /// Makes an authority.
    ///
    /// - Parameters:
    ///   - commonName: 1 to 64 characters.
    ///   - validity: the first and the last second of validity, since 1970.
    ///   - key: the authority's key.
    /// - Throws: ``CryptographyError`` if a value is out of range.
    public init(commonName: String, validity: ClosedRange<Int64>, key: PrivateKey) throws(CryptographyError) {
        let builder = try CertificateBuilder(commonName: commonName, validity: validity, key: key)
        try builder.setIssuer(builder.handle)
        try builder.add(NID_basic_constraints, "critical,CA:TRUE", issuer: builder.handle)
        try builder.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: builder.handle)
        try builder.add(NID_subject_key_identifier, "hash", issuer: builder.handle)
        certificate = try builder.sign(with: key)
        self.key = key
    }

    /// Issues a server certificate.
    ///
    /// - Parameters:
    ///   - commonName: 1 to 64 characters.
    ///   - dnsNames: subject alternative names: letters, digits, dashes, underscores, dots and the asterisk.
    ///   - ipAddresses: subject alternative names: IPv4 or IPv6 addresses as text.
    ///   - validity: the first and the last second of validity, since 1970.
    ///   - key: the server's key; only its public half goes into the certificate.
    /// - Throws: ``CryptographyError`` if a value is out of range.
    public func issue(
        commonName: String, dnsNames: [String] = [], ipAddresses: [String] = [], validity: ClosedRange<Int64>,
        key: PrivateKey
    ) throws(CryptographyError) -> Certificate {
        let builder = try CertificateBuilder(commonName: commonName, validity: validity, key: key)
        try builder.setIssuer(certificate.handle)
        try builder.add(NID_basic_constraints, "critical,CA:FALSE", issuer: certificate.handle)
        try builder.add(NID_key_usage, "critical,digitalSignature,keyEncipherment", issuer: certificate.handle)
        try builder.add(NID_ext_key_usage, "serverAuth", issuer: certificate.handle)
        try builder.add(NID_authority_key_identifier, "keyid", issuer: certificate.handle)
        let names = try Self.alternativeNames(dnsNames: dnsNames, ipAddresses: ipAddresses)
        if !names.isEmpty { try builder.add(NID_subject_alt_name, names, issuer: certificate.handle) }
        return try builder.sign(with: self.key)
    }

    /// The extension's value in OpenSSL's notation; other characters are rejected because they could have a special
    /// meaning.
    private static func alternativeNames(
        dnsNames: [String], ipAddresses: [String]
    ) throws(CryptographyError) -> String {
        let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*".utf8)
        let digits = Set("abcdefABCDEF0123456789.:".utf8)
        guard dnsNames.allSatisfy({ !$0.isEmpty && letters.isSuperset(of: $0.utf8) }),
            ipAddresses.allSatisfy({ !$0.isEmpty && digits.isSuperset(of: $0.utf8) })
        else { throw CryptographyError("A subject alternative name has a character that is not allowed.") }
        return (dnsNames.map { "DNS:\($0)" } + ipAddresses.map { "IP:\($0)" }).joined(separator: ",")
    }
}

/// Builds and signs a certificate.
private struct CertificateBuilder {
    let handle: CertificateHandle
    private let failure = "The certificate could not be created."

    init(commonName: String, validity: ClosedRange<Int64>, key: PrivateKey) throws(CryptographyError) {
        let failure = failure
        let pointer = try openSSL(failure) { X509_new() }
        handle = CertificateHandle(owning: pointer)
        let name = Array(commonName.utf8)
        try openSSLStatus("A certificate's common name must have 1 to 64 characters.") {
            X509_NAME_add_entry_by_NID(
                X509_get_subject_name(pointer), NID_commonName, MBSTRING_UTF8, name, Int32(clamping: name.count),
                -1, 0)
        }
        try openSSLStatus("A certificate's validity must lie between the years 0 and 9999.") {
            ASN1_TIME_set(X509_getm_notBefore(pointer), Int(validity.lowerBound)) == nil
                || ASN1_TIME_set(X509_getm_notAfter(pointer), Int(validity.upperBound)) == nil ? 0 : 1
        }
        try openSSLStatus(failure) { X509_set_version(pointer, Int(X509_VERSION_3)) }
        try openSSLStatus(failure) { X509_set_pubkey(pointer, key.handle.pointer) }
        try setSerialNumber()
    }

    /// Sets a random positive number of 127 bits (RFC 5280, section 4.1.2.2, allows 20 bytes).
    private func setSerialNumber() throws(CryptographyError) {
        var bytes = [UInt8](repeating: 0, count: 16)
        try openSSLStatus(failure) { RAND_bytes(&bytes, Int32(bytes.count)) }
        bytes[0] = bytes[0] & 0x7F | 0x40
        let number = try openSSL(failure) { BN_bin2bn(bytes, Int32(bytes.count), nil) }
        defer { BN_free(number) }
        try openSSLStatus(failure) {
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(handle.pointer)) == nil ? 0 : 1
        }
    }

    func setIssuer(_ issuer: CertificateHandle) throws(CryptographyError) {
        try openSSLStatus(failure) {
            X509_set_issuer_name(handle.pointer, X509_get_subject_name(issuer.pointer))
        }
    }

    func add(_ identifier: Int32, _ value: String, issuer: CertificateHandle) throws(CryptographyError) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, issuer.pointer, handle.pointer, nil, nil, 0)
        let added = try openSSL("A certificate cannot have the extension value \(value).") {
            X509V3_EXT_conf_nid(nil, &context, identifier, value)
        }
        defer { X509_EXTENSION_free(added) }
        try openSSLStatus(failure) { X509_add_ext(handle.pointer, added, -1) }
    }

    func sign(with key: PrivateKey) throws(CryptographyError) -> Certificate {
        try openSSLStatus(failure) { X509_sign(handle.pointer, key.handle.pointer, EVP_sha256()) }
        return try Certificate(handle)
    }
}

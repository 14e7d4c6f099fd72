import COpenSSL

/// An X.509 certificate (RFC 5280).
public struct Certificate: Sendable {
    /// The type of a public key.
    public enum KeyKind: Sendable, Hashable {
        /// RSA.
        case rsa
        /// An elliptic-curve key.
        case ellipticCurve
        /// Anything else.
        case other
    }

    /// The subject's common name; nil unless there is exactly one.
    public let commonName: String?
    /// The DNS names of the subject alternative name, in order.
    public let dnsNames: [String]
    /// The first second of validity, since 1970.
    public let notBefore: Int64
    /// The last second of validity, since 1970.
    public let notAfter: Int64
    /// The kind of the public key.
    public let keyKind: KeyKind
    /// The size of the public key in bits: the modulus, or the curve's order.
    public let keyBits: Int

    let handle: CertificateHandle

    /// Parses one PEM certificate of at most 64 KB, with only whitespace around the block.
    ///
    /// - Throws: ``CryptographyError`` for anything else.
    public init(pem: [UInt8]) throws(CryptographyError) {
        let certificates = try Self.bundle(pem: pem)
        guard certificates.count == 1 else {
            throw CryptographyError("The certificate is not PEM with exactly one CERTIFICATE block.")
        }
        self = certificates[0]
    }

    /// Parses one or more PEM certificates of at most 64 KB in all, with only whitespace around the blocks.
    ///
    /// - Throws: ``CryptographyError`` for anything else.
    public static func bundle(pem: [UInt8]) throws(CryptographyError) -> [Certificate] {
        guard isBundle(pem) else {
            throw CryptographyError("The certificate is not PEM with CERTIFICATE blocks only.")
        }
        return try chain(pem: pem)
    }

    /// Whether every line that is not blank belongs to a CERTIFICATE block.
    private static func isBundle(_ pem: [UInt8]) -> Bool {
        var isInside = false
        var count = 0
        for line in pem.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let line = line.reversed().drop(while: \.isWhitespace).reversed()
            if line.elementsEqual("-----BEGIN CERTIFICATE-----".utf8) {
                guard !isInside else { return false }
                isInside = true
            } else if line.elementsEqual("-----END CERTIFICATE-----".utf8) {
                guard isInside else { return false }
                isInside = false
                count += 1
            } else if !isInside && !line.isEmpty {
                return false
            }
        }
        return !isInside && count > 0
    }

    /// Parses one or more PEM certificates of at most 64 KB in all; text around the blocks is skipped.
    ///
    /// - Throws: ``CryptographyError`` if there is no certificate, or a block of another type.
    public static func chain(pem: [UInt8]) throws(CryptographyError) -> [Certificate] {
        let blocks = try PEM.blocks(in: pem, what: "certificate chain")
        guard !blocks.isEmpty else { throw CryptographyError("The certificate chain has no CERTIFICATE block.") }
        var certificates: [Certificate] = []
        for block in blocks { certificates.append(try Certificate(block)) }
        return certificates
    }

    private init(_ block: PEM.Block) throws(CryptographyError) {
        guard block.label == "CERTIFICATE" else {
            throw CryptographyError("The certificate chain has a PEM block that is not a CERTIFICATE.")
        }
        try self.init(CertificateHandle(der: block.der))
    }

    init(_ handle: CertificateHandle) throws(CryptographyError) {
        let key = try handle.publicKey()
        self.handle = handle
        commonName = handle.commonName()
        dnsNames = handle.dnsNames()
        notBefore = try handle.secondsSince1970(X509_get0_notBefore(handle.pointer))
        notAfter = try handle.secondsSince1970(X509_get0_notAfter(handle.pointer))
        keyBits = Int(EVP_PKEY_get_bits(key))
        keyKind =
            switch EVP_PKEY_get_base_id(key) {
            case EVP_PKEY_RSA: .rsa
            case EVP_PKEY_EC: .ellipticCurve
            default: .other
            }
    }

    /// Whether the certificate is valid at a time in seconds since 1970; both ends are inclusive.
    public func isValid(at seconds: Int64) -> Bool { notBefore <= seconds && seconds <= notAfter }

    /// Whether the certificate matches a host (RFC 6125): by its DNS names or, if it has none, by its common name. A
    /// wildcard matches one whole leftmost label.
    public func matches(hostName: String) -> Bool {
        let name = Array(hostName.utf8)
        guard !name.isEmpty, !name.contains(0) else { return false }
        let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        defer { ERR_clear_error() }
        return name.withUnsafeBytes {
            X509_check_host(handle.pointer, $0.assumingMemoryBound(to: CChar.self).baseAddress, $0.count, flags, nil)
        } == 1
    }

    /// Whether a signature over a message was made with this certificate's key: RSA PKCS #1 version 1.5 (RFC 8017), or
    /// ECDSA. The certificate's own validity is not checked.
    ///
    /// - Throws: ``CryptographyError`` if this machine's OpenSSL does not support such signatures, for example because
    ///   a policy forbids SHA-1. An invalid signature only makes the result false.
    public func verify(
        signature: [UInt8], over message: [UInt8], digest: SignatureDigest
    ) throws(CryptographyError) -> Bool {
        try handle.checks.verify(
            signature: signature, over: message, digest: digest, key: handle.publicKey())
    }

    /// The certificate as PEM.
    ///
    /// - Throws: ``CryptographyError`` if OpenSSL cannot write it.
    public func pem() throws(CryptographyError) -> [UInt8] {
        let bio = try MemoryBIO()
        try openSSLStatus("The certificate cannot be written.") { PEM_write_bio_X509(bio.pointer, handle.pointer) }
        return bio.takeAll()
    }
}

extension UInt8 {
    fileprivate var isWhitespace: Bool {
        self == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(self)
    }
}

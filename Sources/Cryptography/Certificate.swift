import COpenSSL

/// An X.509 certificate (RFC 5280).
public struct Certificate: Sendable {
    /// What a public key is.
    public enum KeyKind: Sendable, Hashable {
        /// RSA, for PKCS #1.
        case rsa
        /// On an elliptic curve.
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
    /// The size of the public key in bits: of the modulus, or of the curve's order.
    public let keyBits: Int

    let handle: CertificateHandle

    /// Reads one certificate: PEM with nothing around the block but white space, of 64 KB at most.
    ///
    /// - Throws: ``CryptographyError`` for anything else.
    public init(pem: [UInt8]) throws(CryptographyError) {
        let certificates = try Self.bundle(pem: pem)
        guard certificates.count == 1 else {
            throw CryptographyError("The certificate is not PEM with exactly one CERTIFICATE block.")
        }
        self = certificates[0]
    }

    /// Reads one certificate or more: PEM with nothing around the blocks but white space, of 64 KB at most.
    ///
    /// - Throws: ``CryptographyError`` for anything else.
    public static func bundle(pem: [UInt8]) throws(CryptographyError) -> [Certificate] {
        guard isBundle(pem) else {
            throw CryptographyError("The certificate is not PEM with CERTIFICATE blocks only.")
        }
        return try chain(pem: pem)
    }

    /// Whether every line that is not white space belongs to a CERTIFICATE block.
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

    /// Reads several certificates: PEM of 64 KB at most, one block or more; text around the blocks is skipped.
    ///
    /// - Throws: ``CryptographyError`` if there is no certificate, or a block that is something else.
    public static func chain(pem: [UInt8]) throws(CryptographyError) -> [Certificate] {
        let blocks = try PEM.blocks(in: pem, what: "certificate chain")
        guard !blocks.isEmpty else { throw CryptographyError("The certificate chain has no CERTIFICATE block.") }
        var certificates: [Certificate] = []
        for block in blocks { certificates.append(try Certificate(block)) }
        return certificates
    }

    private init(_ block: PEM.Block) throws(CryptographyError) {
        guard block.label == "CERTIFICATE" else {
            throw CryptographyError("There is a PEM block that is not a CERTIFICATE where certificates are expected.")
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

    /// Whether a moment, in seconds since 1970, lies within the validity; both ends belong to it.
    public func isValid(at seconds: Int64) -> Bool { notBefore <= seconds && seconds <= notAfter }

    /// Whether the certificate is for a host (RFC 6125): one of its DNS names, or, if it has none, its common name. A
    /// wildcard stands for one whole leftmost label.
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
    /// ECDSA. The certificate's own validity is not looked at.
    ///
    /// - Throws: ``CryptographyError`` if this machine's OpenSSL does not check such signatures at all, as where a
    ///   policy forbids SHA-1. What is wrong with the signature itself only makes the result false.
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

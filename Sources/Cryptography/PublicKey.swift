import COpenSSL

/// A public key from a JSON Web Key (RFC 7517, RFC 7518), for verifying signatures.
public struct PublicKey: Sendable {
    /// The type of the key and of the signatures that it verifies.
    public enum Kind: Sendable, Hashable {
        /// RSA PKCS #1 version 1.5 with SHA-256 (`RS256`).
        case rsa
        /// ECDSA on P-256 with SHA-256 (`ES256`).
        case p256
    }

    /// The type of the key.
    public let kind: Kind
    private let handle: KeyHandle

    /// Makes an RSA key.
    ///
    /// - Parameters:
    ///   - modulus: 2048 to 8192 bits, the most significant byte first.
    ///   - exponent: an odd number from 3 to 2^32, the most significant byte first.
    /// - Throws: ``CryptographyError`` for anything else.
    public init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(CryptographyError) {
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard (2048...8192).contains(bits), modulus[0] != 0, (1...5).contains(exponent.count), exponent[0] != 0,
            exponent[exponent.count - 1] & 1 == 1, exponent != [1]
        else { throw CryptographyError("The RSA key must have 2048 to 8192 bits and a small odd exponent.") }
        kind = .rsa
        // rsaEncryption (RFC 3279, section 2.3.1).
        let algorithm = DER.sequence(DER.identifier([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]) + DER.null)
        handle = try Self.key(
            algorithm, DER.sequence(DER.integer(modulus[...]) + DER.integer(exponent[...])))
    }

    /// Makes a key on the curve P-256.
    ///
    /// - Parameters:
    ///   - x: 32 bytes.
    ///   - y: 32 bytes.
    /// - Throws: ``CryptographyError`` if there is no such point on the curve.
    public init(p256X x: [UInt8], y: [UInt8]) throws(CryptographyError) {
        guard x.count == 32, y.count == 32 else {
            throw CryptographyError("A point of the curve P-256 must have two coordinates of 32 bytes.")
        }
        kind = .p256
        // id-ecPublicKey on prime256v1 (RFC 5480, section 2.1.1), the point uncompressed (SEC 1, section 2.3.3).
        let algorithm = DER.sequence(
            DER.identifier([0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01])
                + DER.identifier([0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]))
        handle = try Self.key(algorithm, [4] + x + y)
    }

    /// Decodes a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7); OpenSSL rejects points that are not on the curve.
    private static func key(_ algorithm: [UInt8], _ key: [UInt8]) throws(CryptographyError) -> KeyHandle {
        let encoded = DER.sequence(algorithm + DER.bits(key))
        let pointer = try openSSL("The public key cannot be used.") {
            encoded.withUnsafeBufferPointer { buffer in
                var start = buffer.baseAddress
                return d2i_PUBKEY(nil, &start, buffer.count)
            }
        }
        return KeyHandle(owning: pointer)
    }

    /// Whether a signature over a message was made with this key. An ECDSA signature is r and s, 32 bytes each (RFC
    /// 7518, section 3.4).
    ///
    /// - Throws: ``CryptographyError`` if OpenSSL does not support such signatures. An invalid signature only makes the
    ///   result false.
    public func verify(signature: [UInt8], over message: [UInt8]) throws(CryptographyError) -> Bool {
        let encoded: [UInt8]
        switch kind {
        case .rsa: encoded = signature
        case .p256:
            guard signature.count == 64 else { return false }
            // An ASN.1 sequence of two integers (RFC 3279, section 2.2.3).
            encoded = DER.sequence(DER.integer(signature.prefix(32)) + DER.integer(signature.suffix(32)))
        }
        let context = try DigestContext()
        try openSSLStatus("This machine's OpenSSL does not support this type of signature.") {
            EVP_DigestVerifyInit(context.pointer, nil, EVP_sha256(), nil, handle.pointer)
        }
        defer { ERR_clear_error() }
        return EVP_DigestVerify(context.pointer, encoded, encoded.count, message, message.count) == 1
    }
}

/// Encodes ASN.1 in DER (ITU-T X.690).
private enum DER {
    static let null: [UInt8] = [0x05, 0x00]

    static func sequence(_ content: [UInt8]) -> [UInt8] { value(0x30, content) }
    static func identifier(_ content: [UInt8]) -> [UInt8] { value(0x06, content) }
    static func bits(_ content: [UInt8]) -> [UInt8] { value(0x03, [0] + content) }

    /// A non-negative number, the most significant byte first.
    static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var number = Array(bytes.drop { $0 == 0 })
        if number.first.map({ $0 & 0x80 != 0 }) ?? true { number.insert(0, at: 0) }
        return value(0x02, number)
    }

    private static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        [tag] + length(content.count) + content
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        var bytes: [UInt8] = []
        var rest = count
        while rest > 0 {
            bytes.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(bytes.count)] + bytes
    }
}

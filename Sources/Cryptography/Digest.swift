import COpenSSL

/// Message digests (FIPS 180-4) and functions based on them.
public enum Digest {
    /// OpenSSL's SHA-256. Fetching it takes longer than the digest of a short text, so it is fetched once.
    ///
    /// A fetched `EVP_MD` never changes, and OpenSSL lets threads share it.
    nonisolated(unsafe) private static let sha256 = EVP_MD_fetch(nil, "SHA256", nil)

    /// The SHA-256 digest: 32 bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { output, count in
            // Fails only if OpenSSL's default provider cannot be loaded, or without memory; then nothing works.
            precondition(
                EVP_Digest(bytes, bytes.count, output.baseAddress, nil, sha256, nil) == 1, "OpenSSL has no SHA-256")
            count = output.count
        }
    }

    /// The HMAC (RFC 2104) with a digest: 32 bytes with SHA-256, 20 with SHA-1. Key and message may have any length,
    /// including zero.
    public static func hmac(_ digest: SignatureDigest, key: [UInt8], message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { output, count in
            let keyLength = Int32(clamping: key.count)
            precondition(Int(keyLength) == key.count, "a key of more than 2 GB")
            var length: UInt32 = 0
            let result = HMAC(
                digest.implementation, key, keyLength, message, message.count, output.baseAddress, &length)
            precondition(result != nil, "OpenSSL has no HMAC")
            count = Int(length)
        }
    }

    /// Compares two secrets in constant time, by their digests, so that timing reveals neither where they differ nor
    /// the expected length.
    public static func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        let left = sha256(left)
        let right = sha256(right)
        return CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// Encodes bytes as lowercase hexadecimal digits.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0x0F)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes hexadecimal digits of either case; nil if they are malformed.
    public static func bytes(hexadecimal digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue.map(UInt8.init) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}

/// Base64 with padding (RFC 4648, section 4).
public enum Base64 {
    static let alphabet = Base64Alphabet("+/")

    /// Encodes bytes.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        let digits = alphabet.encode(bytes)
        let padding = repeatElement(UInt8(ascii: "="), count: (4 - digits.count % 4) % 4)
        return String(decoding: digits + padding, as: UTF8.self)
    }

    /// Decodes a text; nil if it is not the canonical encoding of its result.
    public static func decode(_ text: String) -> [UInt8]? {
        let characters = text.utf8Span.span
        guard characters.count.isMultiple(of: 4) else { return nil }
        var count = characters.count
        for _ in 0..<2 where count > 0 && characters[count - 1] == UInt8(ascii: "=") { count -= 1 }
        return alphabet.decode(characters.extracting(first: count))
    }
}

/// Base64url without padding (RFC 4648, section 5; RFC 7515, section 2).
public enum Base64URL {
    static let alphabet = Base64Alphabet("-_")

    /// Encodes bytes.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: alphabet.encode(bytes), as: UTF8.self)
    }

    /// Decodes a text; nil if it is not the canonical encoding of its result.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? { alphabet.decode(Array(text).span) }
}

/// The 64 digits of an encoding; each stands for six bits.
struct Base64Alphabet: Sendable {
    private let digits: [UInt8]
    /// The value of each byte as a digit, or 255.
    private let values: [UInt8]

    /// - Parameter lastTwo: the digits after letters and decimal digits.
    init(_ lastTwo: String) {
        digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(lastTwo)".utf8)
        var values = [UInt8](repeating: 255, count: 256)
        for (value, byte) in digits.enumerated() { values[Int(byte)] = UInt8(value) }
        self.values = values
    }

    /// The digits of bytes, without padding.
    func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count / 3 * 4 + 4)
        var (bits, bitCount) = (0 as UInt32, 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                encoded.append(digits[Int(bits >> UInt32(bitCount)) & 0x3F])
            }
        }
        if bitCount > 0 { encoded.append(digits[Int(bits << UInt32(6 - bitCount)) & 0x3F]) }
        return encoded
    }

    /// The bytes of digits without padding; nil if these are not the canonical encoding of the bytes.
    func decode(_ characters: Span<UInt8>) -> [UInt8]? {
        // A single digit has too few bits for a byte.
        guard characters.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3 + 2)
        var (bits, bitCount) = (0 as UInt32, 0)
        for index in characters.indices {
            let value = values[Int(characters[index])]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        // Unused bits of the last digit must be zero, so that each value has exactly one encoding.
        guard bits & (1 << UInt32(bitCount) - 1) == 0 else { return nil }
        return bytes
    }
}

/// Base64 with padding (RFC 4648, section 4).
enum Base64 {
    /// The value of each character, or 255.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, byte) in alphabet.utf8.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()

    /// Decodes a text; nil if it is not the canonical encoding of its result.
    static func decode(_ text: String) -> [UInt8]? {
        let characters = text.utf8Span.span
        guard characters.count.isMultiple(of: 4) else { return nil }
        let values = values
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3)
        var (bits, bitCount, padding) = (0 as UInt32, 0, 0)
        for index in characters.indices {
            let byte = characters[index]
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = values[Int(byte)]
            guard value < 64, padding == 0 else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        // Unused bits of the last character must be zero.
        guard padding <= 2, bits & (1 << UInt32(bitCount) - 1) == 0 else { return nil }
        return bytes
    }
}

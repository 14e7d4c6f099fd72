import Cryptography

/// Random names and secrets.
enum RandomToken {
    /// Lowercase hexadecimal digits, two per byte.
    static func hexadecimal(bytes: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return Digest.hexadecimal((0..<bytes).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// A lowercase UUID (RFC 9562, version 4).
    static func uuid() -> String {
        var digits = Array(hexadecimal(bytes: 16))
        digits[12] = "4"
        digits[16] = ["8", "9", "a", "b"].randomElement() ?? "8"
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(digits[$0]) }.joined(separator: "-")
    }
}

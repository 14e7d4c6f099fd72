import Cryptography

/// Names and secrets that nobody can guess.
enum RandomToken {
    /// Lower-case hexadecimal digits, two for each byte.
    static func hexadecimal(bytes: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return Digest.hexadecimal((0..<bytes).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// A UUID (RFC 9562, version 4) in lower case.
    static func uuid() -> String {
        var digits = Array(hexadecimal(bytes: 16))
        digits[12] = "4"
        digits[16] = ["8", "9", "a", "b"].randomElement() ?? "8"
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(digits[$0]) }.joined(separator: "-")
    }
}

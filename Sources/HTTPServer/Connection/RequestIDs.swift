/// Generates unique request ids of 20 hexadecimal digits.
struct RequestIDs {
    /// 48 random bits, so that ids differ between loops and restarts.
    private let prefix = Self.hexadecimal(.random(in: 0..<1 << 48), digits: 12)
    private var count: UInt32 = 0

    mutating func next() -> String {
        count &+= 1
        return prefix + Self.hexadecimal(UInt64(count), digits: 8)
    }

    private static func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}

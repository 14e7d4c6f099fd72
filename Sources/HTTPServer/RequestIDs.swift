/// Makes ids for requests, each different: 20 hexadecimal digits.
struct RequestIDs {
    /// 48 random bits, so that the ids of loops and of restarts differ.
    private let prefix: String
    private var count: UInt32 = 0

    init() { prefix = Self.hexadecimal(.random(in: 0..<1 << 48), digits: 12) }

    mutating func next() -> String {
        count &+= 1
        return prefix + Self.hexadecimal(UInt64(count), digits: 8)
    }

    private static func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}

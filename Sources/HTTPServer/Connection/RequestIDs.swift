/// Generates unique request ids of 20 hexadecimal digits.
struct RequestIDs {
    /// 48 random bits, so that ids differ between loops and restarts.
    private let prefix = UInt64.random(in: 0..<1 << 48)
    private var count: UInt32 = 0

    mutating func next() -> String {
        count &+= 1
        var digits: [UInt8] = []
        digits.reserveCapacity(20)
        Self.append(prefix, digits: 12, to: &digits)
        Self.append(UInt64(count), digits: 8, to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }

    private static func append(_ number: UInt64, digits: UInt64, to text: inout [UInt8]) {
        for place in (0..<digits).reversed() {
            let digit = UInt8(number >> (4 * place) & 0xF)
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}

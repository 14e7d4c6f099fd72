/// Repairs a response that one malformed string keeps from being JSON: a name that a device chose may have a lone
/// surrogate or bytes that are not UTF-8, and the page that lists it must still be readable.
enum TextRepair {
    /// Replaces malformed characters with U+FFFD, in linear time.
    static func repaired(_ body: [UInt8]) -> [UInt8] {
        let bytes = Array(String(decoding: body, as: UTF8.self).utf8)
        var repaired: [UInt8] = []
        repaired.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
                repaired.append(bytes[index])
                index += 1
                continue
            }
            let length = lengthOfEscape(in: bytes, at: index)
            if let length {
                repaired += bytes[index..<index + length]
                index += length
            } else {
                repaired += #"\uFFFD"#.utf8
                index += 6
            }
        }
        return repaired
    }

    /// The length of an escape in bytes, including the low surrogate of a pair; nil for a lone surrogate.
    private static func lengthOfEscape(in bytes: [UInt8], at index: Int) -> Int? {
        guard let unit = unit(in: bytes, at: index) else { return 2 }
        switch unit {
        case 0xD800...0xDBFF:
            guard let next = self.unit(in: bytes, at: index + 6), 0xDC00...0xDFFF ~= next else { return nil }
            return 12
        case 0xDC00...0xDFFF: return nil
        default: return 6
        }
    }

    /// The UTF-16 code unit of `\uXXXX`; nil for anything else.
    private static func unit(in bytes: [UInt8], at index: Int) -> Int? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var unit = 0
        for byte in bytes[index + 2..<index + 6] {
            switch byte {
            case 0x30...0x39: unit = unit << 4 | Int(byte - 0x30)
            case 0x41...0x46: unit = unit << 4 | Int(byte - 0x41 + 10)
            case 0x61...0x66: unit = unit << 4 | Int(byte - 0x61 + 10)
            default: return nil
            }
        }
        return unit
    }
}

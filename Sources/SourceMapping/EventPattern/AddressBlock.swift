/// A block of IPv4 or IPv6 addresses in CIDR notation (RFC 4632, RFC 4291).
///
/// The two families do not mix: `10.0.0.0/8` does not contain `::ffff:10.0.0.1`.
struct AddressBlock: Sendable {
    private let address: [UInt8]
    private let prefixLength: Int

    /// Parses a block; nil unless the text is an address, a slash and a prefix length. Bits after the prefix are ignored.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, let address = Self.address(parts[0]), let length = Self.decimal(parts[1]),
            length <= address.count * 8
        else { return nil }
        self.address = address
        prefixLength = length
    }

    /// Whether the text is an address of this block.
    func contains(_ text: String) -> Bool {
        guard let other = Self.address(text.utf8[...]), other.count == address.count else { return false }
        let (bytes, bits) = prefixLength.quotientAndRemainder(dividingBy: 8)
        guard other.prefix(bytes).elementsEqual(address.prefix(bytes)) else { return false }
        return bits == 0 || (other[bytes] ^ address[bytes]) >> (8 - bits) == 0
    }

    /// The 4 or 16 bytes of an address in its text form; nil for any other text.
    private static func address(_ text: Substring.UTF8View) -> [UInt8]? {
        guard text.count <= 45 else { return nil }
        let bytes = Array(text)
        return bytes.contains(UInt8(ascii: ":")) ? ipv6(bytes) : ipv4(bytes[...])
    }

    private static func ipv4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let bytes = parts.compactMap { decimal($0).flatMap(UInt8.init(exactly:)) }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func ipv6(_ text: [UInt8]) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        guard let gap = text.indices.dropLast().first(where: { text[$0] == colon && text[$0 + 1] == colon }) else {
            return groups(text[...]).flatMap { $0.count == 16 ? $0 : nil }
        }
        guard let head = groups(text[..<gap], mayEndInIPv4: false), let tail = groups(text[(gap + 2)...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// The bytes of groups of hexadecimal digits.
    private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool = true) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for part in parts {
            if mayEndInIPv4, part.endIndex == text.endIndex, let address = ipv4(part) {
                bytes += address
            } else {
                guard let group = hexadecimal(part) else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
            }
        }
        return bytes
    }

    /// A number of one to three digits. Leading zeros are rejected: some programs read them as octal (RFC 6943, section
    /// 3.1.1).
    private static func decimal(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...3).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...4).contains(digits.count) else { return nil }
        var value = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | Int(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | Int(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | Int(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return value
    }
}

import Glibc

/// An IP address. An IPv4 address equals its IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2).
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses `192.0.2.1` or `2001:db8::1`; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count < Int(INET6_ADDRSTRLEN), !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(high: 0, low: Self.mappedPrefix | UInt64(UInt32(bigEndian: four.s_addr)))
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        self.init(withUnsafeBytes(of: six) { Array($0) })
    }

    /// Makes an address from 4 or 16 bytes in network order; nil for another number of bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        func number(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(high: 0, low: Self.mappedPrefix | number(bytes))
        case 16: self.init(high: number(bytes.prefix(8)), low: number(bytes.dropFirst(8)))
        default: return nil
        }
    }

    /// Whether it is an IPv4 address.
    public var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// Whether this is the unspecified address: `0.0.0.0` or `::`.
    public var isUnspecified: Bool { high == 0 && (low == 0 || low == Self.mappedPrefix) }

    /// The address that limits per client count against: an IPv4 address, or the /64 prefix of an IPv6 address, which a
    /// network assigns to one customer.
    public var client: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }

    /// Whether the first `bits` of 128 bits are equal.
    fileprivate func agrees(with other: IPAddress, bits: Int) -> Bool {
        let (highMask, lowMask) = (Self.mask(min(bits, 64)), Self.mask(max(bits - 64, 0)))
        return (high ^ other.high) & highMask == 0 && (low ^ other.low) & lowMask == 0
    }

    fileprivate static func mask(_ bits: Int) -> UInt64 { bits == 0 ? 0 : ~0 << UInt64(64 - bits) }

    /// The address in its usual form.
    public var description: String {
        if isIPv4 {
            return stride(from: 24, through: 0, by: -8).map { "\(low >> UInt64($0) & 255)" }.joined(separator: ".")
        }
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) { bytes in
            for index in 0..<8 {
                bytes[index] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
                bytes[index + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * index))
            }
        }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A CIDR block of IP addresses (RFC 4632).
public struct AddressBlock: Sendable, Hashable, CustomStringConvertible {
    private let first: IPAddress
    /// The prefix length, of 128 bits.
    private let bits: Int

    /// Parses `10.0.0.0/8`, `2001:db8::/32`, or one address; nil for anything else, also if bits after the prefix are
    /// set.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = IPAddress(parts[0]) else { return nil }
        let isIPv4 = !parts[0].utf8.contains(UInt8(ascii: ":"))
        let length = isIPv4 ? 32 : 128
        var given = length
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(parts[1]), number <= length
            else { return nil }
            given = number
        }
        self.first = first
        bits = given + 128 - length
        guard first.isPrefix(ofBits: bits) else { return nil }
    }

    /// Whether the block contains an address.
    public func contains(_ address: IPAddress) -> Bool { first.agrees(with: address, bits: bits) }

    /// The block in CIDR notation.
    public var description: String { "\(first)/\(first.isIPv4 ? bits - 96 : bits)" }
}

extension IPAddress {
    /// Whether all bits after the first `bits` are zero.
    fileprivate func isPrefix(ofBits bits: Int) -> Bool {
        high & ~Self.mask(min(bits, 64)) == 0 && low & ~Self.mask(max(bits - 64, 0)) == 0
    }
}

extension SocketAddress {
    /// The address without the port.
    public var ip: IPAddress? { IPAddress(host) }
}

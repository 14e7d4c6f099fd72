/// An AWS Region by its name, for example `us-east-1`.
///
/// Any well-formed name is accepted, so that new Regions work.
public struct Region: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name: three to five parts of lowercase letters and digits, separated by dashes, the last a number; at most
    /// 32 characters.
    public let name: String
    /// The AWS partition of the Region, by its name's prefix.
    public let partition: Partition

    /// Parses a name; nil unless it is a well-formed Region name.
    public init?(_ name: String) {
        guard name.utf8.count <= 32 else { return nil }
        var (parts, length, isNumber) = (1, 0, true)
        for byte in name.utf8 {
            if byte == UInt8(ascii: "-") {
                guard length > 0 else { return nil }
                (parts, length, isNumber) = (parts + 1, 0, true)
            } else {
                guard byte.isLowercaseLetter || byte.isDigit else { return nil }
                length += 1
                isNumber = isNumber && byte.isDigit
            }
        }
        guard (3...5).contains(parts), length > 0, isNumber else { return nil }
        self.name = name
        partition = Partition.allCases.first { $0.regionPrefix.map(name.hasPrefix) ?? false } ?? .aws
    }

    /// Parses a name; see ``init(_:)-(String)``.
    public init?(_ name: Substring) { self.init(String(name)) }

    /// The name.
    public var description: String { name }

    /// Orders Regions by name.
    public static func < (left: Region, right: Region) -> Bool { left.name < right.name }
}

extension UInt8 {
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    var isLowercaseLetter: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
}

/// An AWS Region by its name, for example `us-east-1`.
///
/// Any name of the right form is taken, so that Regions opened after this was written work.
public struct Region: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name: two to five parts of lower-case letters and digits with dashes between, 32 characters at most.
    public let name: String

    /// Checks a name; nil unless it has the form of a Region's name.
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
    }

    /// Checks a name; see ``init(_:)-(String)``.
    public init?(_ name: Substring) { self.init(String(name)) }

    /// The partition that the Region belongs to, by its name's first parts.
    public var partition: Partition {
        Partition.allCases.first { $0.regionPrefix.map(name.hasPrefix) ?? false } ?? .aws
    }

    /// The name.
    public var description: String { name }

    /// By name.
    public static func < (left: Region, right: Region) -> Bool { left.name < right.name }
}

extension UInt8 {
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    var isLowercaseLetter: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
}

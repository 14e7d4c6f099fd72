/// An AWS Region by its name, for example `us-east-1`.
///
/// Any name of the right form is taken, so that Regions opened after this was written work.
public struct Region: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name: two to five parts of lower-case letters and digits with dashes between, 32 characters at most.
    public let name: String

    /// Checks a name; nil unless it has the form of a Region's name.
    public init?(_ name: some StringProtocol) {
        let parts = name.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard name.utf8.count <= 32, (3...5).contains(parts.count), parts[parts.count - 1].allSatisfy(\.isDigit),
            parts.allSatisfy({ part in !part.isEmpty && part.allSatisfy { $0.isLowercaseLetter || $0.isDigit } })
        else { return nil }
        self.name = String(name)
    }

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

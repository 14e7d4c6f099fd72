/// The 12-digit ID of an AWS account.
public struct AccountID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The digits.
    public let digits: String

    /// Parses an ID; nil unless it has exactly 12 ASCII digits.
    public init?(_ digits: String) {
        guard digits.utf8.count == 12, digits.utf8.allSatisfy(\.isDigit) else { return nil }
        self.digits = digits
    }

    /// Parses an ID; nil unless it has exactly 12 ASCII digits.
    public init?(_ digits: Substring) { self.init(String(digits)) }

    /// The digits.
    public var description: String { digits }

    /// Orders IDs by their digits.
    public static func < (left: AccountID, right: AccountID) -> Bool { left.digits < right.digits }
}

/// The 12 digits that name an AWS account.
public struct AccountID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The digits.
    public let digits: String

    /// Checks an id; nil unless it is exactly 12 ASCII digits.
    public init?(_ digits: String) {
        guard digits.utf8.count == 12, digits.utf8.allSatisfy(\.isDigit) else { return nil }
        self.digits = digits
    }

    /// Checks an id; nil unless it is exactly 12 ASCII digits.
    public init?(_ digits: Substring) { self.init(String(digits)) }

    /// The digits.
    public var description: String { digits }

    /// By digits.
    public static func < (left: AccountID, right: AccountID) -> Bool { left.digits < right.digits }
}

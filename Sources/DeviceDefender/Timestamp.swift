/// A moment in UTC, in whole milliseconds, within the years 1970 to 9999.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted; always within ``millisecondsRange``.
    public let milliseconds: Int64

    /// 1970-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z: what four digits of a year can write.
    public static let millisecondsRange: ClosedRange<Int64> = 0...253_402_300_799_999

    /// Makes a timestamp from milliseconds since 1970; what lies outside of the range becomes the range's nearest end.
    public init(milliseconds: Int64) {
        let range = Self.millisecondsRange
        self.milliseconds = min(max(milliseconds, range.lowerBound), range.upperBound)
    }

    /// Makes a timestamp from seconds since 1970, to the nearest millisecond, as the AWS IoT API writes them; nil for
    /// what is no number or outside of the range.
    public init?(seconds: Double) {
        guard let milliseconds = Int64(exactly: (seconds * 1000).rounded()),
            Self.millisecondsRange.contains(milliseconds)
        else { return nil }
        self.milliseconds = milliseconds
    }

    /// The moment in ISO 8601, for example `2026-11-22T10:00:00.123Z`; always 24 characters.
    public var description: String { iso8601 }

    /// By time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

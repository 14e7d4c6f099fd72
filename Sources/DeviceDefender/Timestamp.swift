/// A time in UTC, in whole milliseconds, from 1970 to 9999.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z, not counting leap seconds; always within ``millisecondsRange``.
    public let milliseconds: Int64

    /// 1970-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z: the range of four-digit years.
    public static let millisecondsRange: ClosedRange<Int64> = 0...253_402_300_799_999

    /// Makes a timestamp from milliseconds since 1970; values out of range are clamped.
    public init(milliseconds: Int64) {
        let range = Self.millisecondsRange
        self.milliseconds = min(max(milliseconds, range.lowerBound), range.upperBound)
    }

    /// Makes a timestamp from seconds since 1970, rounded to milliseconds, as in the AWS IoT API; nil if it is not
    /// finite or out of range.
    public init?(seconds: Double) {
        guard let milliseconds = Int64(exactly: (seconds * 1000).rounded()),
            Self.millisecondsRange.contains(milliseconds)
        else { return nil }
        self.milliseconds = milliseconds
    }

    /// The time in ISO 8601, for example `2026-11-22T10:00:00.123Z`; always 24 characters.
    public var description: String { iso8601 }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

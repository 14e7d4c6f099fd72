/// A point in time in UTC, in whole milliseconds, from 1970 to 9999.
///
/// No operation traps: results out of range are clamped.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z, not counting leap seconds; always within ``millisecondsRange``.
    public let milliseconds: Int64

    /// 1970-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z: the range of four-digit years.
    public static let millisecondsRange: ClosedRange<Int64> = 0...253_402_300_799_999

    /// 1970-01-01T00:00:00.000Z: not later than any other time.
    public static let earliest = Timestamp(milliseconds: millisecondsRange.lowerBound)
    /// 9999-12-31T23:59:59.999Z: not earlier than any other time.
    public static let latest = Timestamp(milliseconds: millisecondsRange.upperBound)

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

    /// The number of whole days since 1970, in UTC.
    public var day: Int64 { milliseconds / 86_400_000 }

    /// The time in ISO 8601, for example `2026-11-22T10:00:00.123Z`; always 24 characters.
    public var description: String { iso8601 }

    /// The time in AWS IoT's format: seconds since 1970 with three decimal places, for example `1795341600.003`.
    public var epochSeconds: String {
        "\(milliseconds / 1000).\((milliseconds % 1000).decimal(digits: 3))"
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The time after a duration, rounded down to milliseconds, or the nearest valid time.
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds.saturatingAdding(duration.milliseconds))
    }

    /// The time before a duration, which is rounded down to milliseconds, or the nearest valid time.
    public static func - (time: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds.saturatingSubtracting(duration.milliseconds))
    }

    /// The duration from the right time to the left one; negative if the right one is later.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds - right.milliseconds)
    }
}

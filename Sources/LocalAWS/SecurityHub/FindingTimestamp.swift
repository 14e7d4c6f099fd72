import Encoding

/// A time in a finding, with the nanosecond precision of Security Hub's timestamps, in the years 1970 to 2199.
struct FindingTimestamp: Hashable, Comparable {
    /// Nanoseconds since 1970.
    let nanoseconds: Int64

    /// The start of the year 2200, in milliseconds since 1970.
    private static let end: Int64 = 7_258_118_400_000

    /// Parses RFC 3339 as the AWS Security Finding Format accepts it: seconds, at most nine fractional digits, and `Z`
    /// or an offset of at most 18 hours; nil for anything else.
    init?(iso8601 text: String) {
        guard let (timestamp, nanoseconds) = Timestamp.parse(iso8601: text, accepting: .offset),
            timestamp.milliseconds < Self.end
        else { return nil }
        self.nanoseconds = timestamp.milliseconds * 1_000_000 + Int64(nanoseconds)
    }

    static func < (left: FindingTimestamp, right: FindingTimestamp) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// A time in UTC, with the nanosecond precision of Security Hub's timestamps.
struct Timestamp: Hashable, Comparable {
    /// Nanoseconds since 1970, in the years 1970 to 2199.
    let nanoseconds: Int64

    /// The start of the year 2200, in seconds since 1970.
    private static let end: Int64 = 7_258_118_400

    /// Makes a time from milliseconds since 1970, clamped to the range.
    init(milliseconds: Int64) { nanoseconds = max(0, min(milliseconds, Self.end * 1000 - 1)) * 1_000_000 }

    private init?(_ date: (year: Int64, month: Int64, day: Int64), secondOfDay: Int64, nanosecond: Int64) {
        let seconds = Self.days(date) * 86_400 + secondOfDay
        guard (0..<Self.end).contains(seconds) else { return nil }
        nanoseconds = seconds * 1_000_000_000 + nanosecond
    }

    /// Parses RFC 3339 as the AWS Security Finding Format accepts it: seconds, at most nine fractional digits, and `Z`
    /// or an offset of at most 18 hours; nil for anything else.
    init?(iso8601 text: String) {
        var reader = TextReader(text)
        guard let date = reader.date(separator: "-"), reader.take("T"),
            let second = reader.secondOfDay(separator: ":"), let nanosecond = reader.nanosecond(),
            let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        self.init(date, secondOfDay: second - offset, nanosecond: nanosecond)
    }

    /// Parses the format of the `X-Amz-Date` field, `20261122T100000Z`; nil for anything else.
    init?(amzDate text: String) {
        var reader = TextReader(text)
        guard let date = reader.date(separator: ""), reader.take("T"), let second = reader.secondOfDay(separator: ""),
            reader.take("Z"), reader.isAtEnd
        else { return nil }
        self.init(date, secondOfDay: second, nanosecond: 0)
    }

    static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Milliseconds since 1970.
    var milliseconds: Int64 { nanoseconds / 1_000_000 }

    /// The time in AWS's format, for example `2026-11-22T10:00:00.123Z`.
    var iso8601: String {
        let (year, month, day) = Self.date(days: milliseconds / 86_400_000)
        let second = milliseconds / 1000 % 86_400
        return "\(year)-\(Self.padded(month))-\(Self.padded(day))T\(Self.padded(second / 3600)):"
            + "\(Self.padded(second / 60 % 60)):\(Self.padded(second % 60)).\(Self.padded(milliseconds % 1000, to: 3))Z"
    }

    /// The time in AWS IoT's format: seconds since 1970 with milliseconds as a fraction.
    var epochSeconds: String { "\(milliseconds / 1000).\(Self.padded(milliseconds % 1000, to: 3))" }

    private static func padded(_ number: Int64, to width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    // MARK: The calendar

    // Years that start in March put the leap day at their end; an era of 400 of them has 146097 days. Day 0 of the era
    // that 1970 lies in is 719468 days before 1970.

    private static func days(_ date: (year: Int64, month: Int64, day: Int64)) -> Int64 {
        let year = date.month > 2 ? date.year : date.year - 1
        let dayOfYear = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let day = days + 719_468
        let dayOfEra = day % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = yearOfEra + day / 146_097 * 400 + (month >= 10 ? 1 : 0)
        return (year, (month + 2) % 12 + 1, dayOfYear - (153 * month + 2) / 5 + 1)
    }
}

/// Parses the parts of a timestamp from left to right.
private struct TextReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ text: StaticString) -> Bool {
        let bytes = Array(text.description.utf8)
        guard rest.starts(with: bytes) else { return false }
        rest = rest.dropFirst(bytes.count)
        return true
    }

    private mutating func number(digits: Int) -> Int64? {
        let text = rest.prefix(digits)
        guard text.count == digits, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest = rest.dropFirst(digits)
        return text.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    mutating func date(separator: StaticString) -> (year: Int64, month: Int64, day: Int64)? {
        guard let year = number(digits: 4), take(separator), let month = number(digits: 2), take(separator),
            let day = number(digits: 2), (1...12).contains(month)
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[Int(month) - 1]).contains(day) ? (year, month, day) : nil
    }

    mutating func secondOfDay(separator: StaticString) -> Int64? {
        guard let hour = number(digits: 2), take(separator), let minute = number(digits: 2), take(separator),
            let second = number(digits: 2), hour < 24, minute < 60, second < 60
        else { return nil }
        return (hour * 60 + minute) * 60 + second
    }

    /// The fraction of a second in nanoseconds; 0 if there is none.
    mutating func nanosecond() -> Int64? {
        guard take(".") else { return 0 }
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...9).contains(digits.count), let value = number(digits: digits.count) else { return nil }
        return (digits.count..<9).reduce(value) { value, _ in value * 10 }
    }

    /// The offset from UTC, in seconds.
    mutating func offset() -> Int64? {
        if take("Z") { return 0 }
        let sign: Int64 = take("+") ? 1 : -1
        guard sign == 1 || take("-"), let hours = number(digits: 2), take(":"), let minutes = number(digits: 2),
            minutes < 60, hours * 60 + minutes <= 18 * 60
        else { return nil }
        return sign * (hours * 60 + minutes) * 60
    }
}

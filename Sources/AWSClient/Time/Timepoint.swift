/// Parses and formats AWS's time formats; times are milliseconds since 1970.
enum Timepoint {
    /// Parses ISO 8601 as AWS uses it for the expiration of credentials, `2026-11-22T10:00:00Z`, optionally with a
    /// fraction of a second or an offset (`+02:00`); nil for anything else.
    static func iso8601(_ text: String) -> Int64? {
        guard
            let match = text.prefixMatch(
                of: #/(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|UTC|([+-])(\d\d):?(\d\d))?/#),
            match.range.upperBound == text.endIndex, text.utf8.count <= 40
        else { return nil }
        let parts = match.output
        let numbers = [parts.1, parts.2, parts.3, parts.4, parts.5, parts.6].compactMap { Int64($0) }
        let digits = parts.7.map { Int64("\($0)00".prefix(3)) ?? 0 } ?? 0
        let offset = ((parts.9.flatMap { Int64($0) } ?? 0) * 60 + (parts.10.flatMap { Int64($0) } ?? 0)) * 60_000
        guard let time = milliseconds(numbers) else { return nil }
        return time + digits - (parts.8 == "-" ? -offset : offset)
    }

    /// Parses the `Date` of a response (RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`); nil for anything
    /// else, including the obsolete forms.
    static func httpDate(_ text: String) -> Int64? {
        guard
            let match = text.wholeMatch(
                of: #/[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT/#)
        else { return nil }
        let parts = match.output
        guard let month = months.firstIndex(of: String(parts.2)) else { return nil }
        return milliseconds(
            [Int64(parts.3), Int64(month + 1), Int64(parts.1), Int64(parts.4), Int64(parts.5), Int64(parts.6)]
                .compactMap(\.self))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Formats a time for `X-Amz-Date`, `20261122T100000Z`.
    static func amzDate(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        let (year, month, day) = date(days: seconds / 86_400)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(year)\(two(month))\(two(day))T\(two(seconds / 3600 % 24))\(two(seconds / 60 % 60))\(two(seconds % 60))Z"
    }

    /// - Parameter parts: year, month, day, hour, minute, second.
    private static func milliseconds(_ parts: [Int64]) -> Int64? {
        guard parts.count == 6, (1970...9999).contains(parts[0]), (1...12).contains(parts[1]),
            (1...31).contains(parts[2]), (0...23).contains(parts[3]), (0...59).contains(parts[4]),
            // A leap second.
            (0...60).contains(parts[5])
        else { return nil }
        let days = days(year: parts[0], month: parts[1], day: parts[2])
        return (((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5]) * 1000
    }

    // Years that start in March put the leap day at their end; an era of 400 of them has 146097 days. Day 0 of the era
    // that 1970 lies in is 719468 days before 1970.

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let day = days + 719_468
        let dayOfEra = day % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (
            yearOfEra + day / 146_097 * 400 + (month >= 10 ? 1 : 0), (month + 2) % 12 + 1,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
}

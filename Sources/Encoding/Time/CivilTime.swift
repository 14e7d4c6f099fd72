/// A date and time of day in the proleptic Gregorian calendar, without a time zone. This is the only calendar.
struct CivilTime: Equatable {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    var millisecond = 0

    /// The timestamp in UTC; nil if the date or the time does not exist or is out of range.
    ///
    /// - Parameters:
    ///   - offsetMinutes: the offset from UTC, in minutes, of at most a few days.
    ///   - acceptsLeapSecond: whether second 60 is accepted, as the first second of the next minute.
    func timestamp(offsetMinutes: Int = 0, acceptsLeapSecond: Bool = false) -> Timestamp? {
        guard (1970...9999).contains(year), (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...(acceptsLeapSecond ? 60 : 59)).contains(second),
            (0...999).contains(millisecond)
        else { return nil }
        let minutes = (Self.daysSince1970(year: year, month: month, day: day) * 24 + hour) * 60 + minute - offsetMinutes
        let milliseconds = Int64(minutes * 60 + second) * 1000 + Int64(millisecond)
        guard Timestamp.millisecondsRange.contains(milliseconds) else { return nil }
        return Timestamp(milliseconds: milliseconds)
    }

    /// The date and time in UTC of a timestamp.
    init(_ timestamp: Timestamp) {
        let seconds = Int(timestamp.milliseconds / 1000)
        let date = Self.date(daysSince1970: seconds / 86_400)
        self.init(
            year: date.year, month: date.month, day: date.day, hour: seconds / 3600 % 24, minute: seconds / 60 % 60,
            second: seconds % 60, millisecond: Int(timestamp.milliseconds % 1000))
    }

    init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int = 0) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.millisecond = millisecond
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Years that start in March put the leap day at their end; an era of 400 of them has 146097 days. Day 0 of the era
    // that 1970 lies in is 719468 days before 1970.

    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private static func date(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let days = daysSince1970 + 719_468
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = yearOfEra + days / 146_097 * 400 + (month >= 10 ? 1 : 0)
        return (year, (month + 2) % 12 + 1, dayOfYear - (153 * month + 2) / 5 + 1)
    }
}

/// A date and time of day in the proleptic Gregorian calendar, without a time zone.
struct CivilTime: Equatable {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    var millisecond: Int

    /// The timestamp in UTC; nil if the date or the time does not exist or is out of range.
    ///
    /// - Parameter offsetMinutes: the offset from UTC, in minutes.
    func timestamp(offsetMinutes: Int = 0) -> Timestamp? {
        guard (1970...9999).contains(year), (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second),
            (0...999).contains(millisecond)
        else { return nil }
        let minutes = (daysSince1970 * 24 + hour) * 60 + minute - offsetMinutes
        let milliseconds = Int64(minutes * 60 + second) * 1000 + Int64(millisecond)
        guard Timestamp.millisecondsRange.contains(milliseconds) else { return nil }
        return Timestamp(milliseconds: milliseconds)
    }

    /// The date and time in UTC of a timestamp.
    init(_ timestamp: Timestamp) {
        let seconds = Int(timestamp.milliseconds / 1000)
        self.init(
            year: 1970, month: 1, day: 1, hour: seconds / 3600 % 24, minute: seconds / 60 % 60, second: seconds % 60,
            millisecond: Int(timestamp.milliseconds % 1000))
        setDate(daysSince1970: seconds / 86400)
    }

    init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.millisecond = millisecond
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The number of days from year 1 to the start of `year`.
    private static func daysBefore(year: Int) -> Int {
        let years = year - 1
        return years * 365 + years / 4 - years / 100 + years / 400
    }

    private var daysSince1970: Int {
        let wholeMonths = (1..<month).reduce(0) { $0 + Self.days(in: $1, of: year) }
        return Self.daysBefore(year: year) - Self.daysBefore(year: 1970) + wholeMonths + day - 1
    }

    private mutating func setDate(daysSince1970 days: Int) {
        let daysSinceYear1 = days + Self.daysBefore(year: 1970)
        // 400 years have 146097 days; the estimate is never too late and at most one year too early.
        year = daysSinceYear1 * 400 / 146_097 + 1
        while Self.daysBefore(year: year) > daysSinceYear1 { year -= 1 }
        while Self.daysBefore(year: year + 1) <= daysSinceYear1 { year += 1 }
        var rest = daysSinceYear1 - Self.daysBefore(year: year)
        month = 1
        while rest >= Self.days(in: month, of: year) {
            rest -= Self.days(in: month, of: year)
            month += 1
        }
        day = rest + 1
    }
}

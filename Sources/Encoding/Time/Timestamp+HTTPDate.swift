extension Timestamp {
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    /// From the weekday of 1970-01-01.
    private static let weekdayNames = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// The time as in the `Date` field of HTTP (RFC 9110, section 5.6.7), for example `Sun, 06 Nov 1994 08:49:37 GMT`.
    public var httpDate: String {
        let time = CivilTime(self)
        let weekday = Self.weekdayNames[Int(milliseconds / 86_400_000 % 7)]
        let parts = [time.day, time.hour, time.minute, time.second].map { $0.decimal(digits: 2) }
        return "\(weekday), \(parts[0]) \(Self.monthNames[time.month - 1]) \(time.year) "
            + "\(parts[1]):\(parts[2]):\(parts[3]) GMT"
    }

    /// Parses the `Date` field of HTTP; nil for anything else, including the obsolete forms.
    ///
    /// A leap second is accepted. The weekday is not compared with the date.
    public init?(httpDate text: some StringProtocol) {
        var reader = TextReader(text)
        guard let weekday = reader.text(length: 3), Self.weekdayNames.contains(weekday), reader.skip(", "),
            let day = reader.number(digits: 2), reader.skip(" "),
            let month = reader.text(length: 3).flatMap(Self.monthNames.firstIndex), reader.skip(" "),
            let year = reader.number(digits: 4), reader.skip(" "),
            let hour = reader.number(digits: 2), reader.skip(":"), let minute = reader.number(digits: 2),
            reader.skip(":"), let second = reader.number(digits: 2), reader.skip(" GMT"), reader.isAtEnd,
            let time = CivilTime(
                year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second
            ).timestamp(acceptsLeapSecond: true)
        else { return nil }
        self = time
    }
}

import ErrorCodes

/// Parses the timestamps of messages and checks their age.
public enum SNSTimestamp {
    /// The allowed clock skew, in milliseconds.
    public static let allowedSkew: Int64 = 300_000

    /// Parses a time of the form `2026-11-22T10:00:00.123Z` (ISO 8601, UTC). The fraction is optional and has up to nine digits,
    /// of which the first three are used.
    ///
    /// - Returns: milliseconds since 1970; nil for any other form and for dates that do not exist.
    public static func milliseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard (20...30).contains(bytes.count), bytes.count != 21, bytes.last == UInt8(ascii: "Z"),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            year >= 1970, (1...12).contains(month), (1...days(inMonth: month, of: year)).contains(day), hour < 24,
            minute < 60, second < 60, let fraction = fraction(bytes[19..<bytes.count - 1])
        else { return nil }
        let days = daysSince1970(year: year, month: month, day: day)
        return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction
    }

    /// Checks that a message is not from the future and not older than SNS retries, against replays of captured messages. Clock
    /// skew is allowed in both directions.
    ///
    /// A genuine message fails this check if this machine's clock is wrong, so the error is `unavailable`: after a 4xx, SNS would
    /// discard the message.
    ///
    /// - Parameters:
    ///   - publishedAt: milliseconds since 1970.
    ///   - now: milliseconds since 1970.
    ///   - maximumAge: milliseconds. SNS retries for at most an hour.
    /// - Throws: ``SNSError`` with the code `message_too_old` or `message_from_future`.
    public static func check(publishedAt: Int64, now: Int64, maximumAge: Int64) throws(SNSError) {
        let (age, overflow) = now.subtractingReportingOverflow(publishedAt)
        let (oldest, isEndless) = maximumAge.addingReportingOverflow(allowedSkew)
        if overflow ? now > publishedAt : (!isEndless && age > oldest) {
            throw .unavailable(
                .messageTooOld,
                "Message too old: published more than \(maximumAge / 1000) seconds ago. Check this machine's clock.")
        }
        if overflow || age < -allowedSkew {
            throw .unavailable(
                .messageFromFuture,
                "Message from the future: published more than \(allowedSkew / 1000) seconds ahead. Check this machine's clock."
            )
        }
    }

    /// Parses a number.
    ///
    /// - Parameter digits: at most four.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy(\.isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    /// Parses an empty text, or a dot and digits, as whole milliseconds.
    private static func fraction(_ text: ArraySlice<UInt8>) -> Int64? {
        guard let dot = text.first else { return 0 }
        let digits = text.dropFirst()
        guard dot == UInt8(ascii: "."), digits.allSatisfy(\.isDigit) else { return nil }
        let padded = digits.prefix(3) + repeatElement(UInt8(ascii: "0"), count: max(0, 3 - digits.count))
        return number(padded)
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400 - 477
        let days = (year - 1970) * 365 + leapDays
        return (1..<month).reduce(days) { $0 + Self.days(inMonth: $1, of: year) } + day - 1
    }
}

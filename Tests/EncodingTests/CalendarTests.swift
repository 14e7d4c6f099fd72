import Encoding
import Glibc
import TestSupport
import Testing

/// The calendar against the C library's (`gmtime_r`, `timegm`).
@Suite("The calendar")
struct CalendarTests {
    @Test("every day from 1970 to 9999 has the C library's date, in all formats")
    func everyDay() {
        var mismatches: [Int] = []
        for day in 0...2_932_896 {
            // A different time of each day.
            let seconds = day * 86_400 + day * 7919 % 86_400
            let text = Self.text(seconds)
            let timestamp = Timestamp(milliseconds: Int64(seconds) * 1000)
            if timestamp.iso8601 != text.iso8601 || timestamp.amzDate != text.amzDate { mismatches.append(day) }
            if day.isMultiple(of: 97) {
                #expect(timestamp.httpDate == text.httpDate)
                #expect(Timestamp(iso8601: text.iso8601) == timestamp)
                #expect(Timestamp(amzDate: text.amzDate) == timestamp)
                #expect(Timestamp(httpDate: text.httpDate) == timestamp)
            }
        }
        #expect(mismatches.isEmpty)
    }

    @Test("every combination of year, month and day is accepted exactly if it exists")
    func existence() {
        for year in [1970, 1999, 2000, 2023, 2024, 2100, 2400, 9999] {
            for month in 0...13 {
                for day in 0...32 {
                    var time = tm()
                    (time.tm_year, time.tm_mon, time.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
                    let seconds = timegm(&time)
                    // timegm normalizes what does not exist.
                    let exists = time.tm_mon == month - 1 && time.tm_mday == day
                    let text = String(format(year, 4) + "-" + format(month, 2) + "-" + format(day, 2)) + "T00:00:00Z"
                    let expected = exists ? Int64(seconds) * 1000 : nil
                    #expect(Timestamp(iso8601: text)?.milliseconds == expected, "\(text)")
                }
            }
        }
    }

    private func format(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: width - text.count) + text
    }

    private static func text(_ seconds: Int) -> (iso8601: String, amzDate: String, httpDate: String) {
        var (seconds, time) = (time_t(seconds), tm())
        gmtime_r(&seconds, &time)
        func formatted(_ format: String) -> String {
            var buffer = [CChar](repeating: 0, count: 64)
            let count = strftime(&buffer, buffer.count, format, &time)
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return (
            formatted("%Y-%m-%dT%H:%M:%S.000Z"), formatted("%Y%m%dT%H%M%SZ"), formatted("%a, %d %b %Y %H:%M:%S GMT")
        )
    }
}

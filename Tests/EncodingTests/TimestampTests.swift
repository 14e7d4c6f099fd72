import Encoding
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "a timestamp is formatted in ISO 8601 and parsed back",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_795_341_600_123, "2026-11-22T10:00:00.123Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func text(milliseconds: Int64, text: String) {
        let timestamp = Timestamp(milliseconds: milliseconds)
        #expect(timestamp.iso8601 == text)
        #expect(Timestamp(iso8601: text) == timestamp)
    }

    @Test("every day from 1970 to 2134 is formatted and parsed back")
    func everyDay() {
        for day in Int64(0)..<60_000 {
            let timestamp = Timestamp(milliseconds: day * 86_400_000 + 43_200_000)
            #expect(Timestamp(iso8601: timestamp.iso8601) == timestamp)
        }
    }

    @Test("milliseconds out of range are clamped")
    func clamped() {
        #expect(Timestamp(milliseconds: -1).milliseconds == 0)
        #expect(Timestamp(milliseconds: .min).milliseconds == 0)
        #expect(Timestamp(milliseconds: .max).iso8601 == "9999-12-31T23:59:59.999Z")
    }

    @Test("seconds are rounded to milliseconds")
    func seconds() {
        #expect(Timestamp(seconds: 1_524_740_766.191)?.milliseconds == 1_524_740_766_191)
        #expect(Timestamp(seconds: 0)?.milliseconds == 0)
        #expect(Timestamp(seconds: 253_402_300_799)?.iso8601 == "9999-12-31T23:59:59.000Z")
    }

    @Test(
        "seconds out of range are rejected",
        arguments: [-1, .nan, .infinity, -.infinity, 253_402_300_800, 1e300, .greatestFiniteMagnitude])
    func rejectedSeconds(seconds: Double) {
        #expect(Timestamp(seconds: seconds) == nil)
    }

    @Test(
        "other formats of ISO 8601 are parsed",
        arguments: [
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000Z"),
            ("2026-11-22T10:00:00.1Z", "2026-11-22T10:00:00.100Z"),
            ("2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:00.123Z"),
            ("2026-11-22T10:00:00+01:30", "2026-11-22T08:30:00.000Z"),
            ("2026-11-22T10:00:00-1800", "2026-11-23T04:00:00.000Z"),
        ])
    func otherForms(text: String, expected: String) {
        #expect(Timestamp(iso8601: text)?.iso8601 == expected)
    }

    @Test(
        "a text that is not ISO 8601, or not a date, is rejected",
        arguments: [
            "", "Z", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00.1234567890Z",
            "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
            "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T10:00:60Z", "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2026-11-22T10:00:00+18:01",
            "2026-11-22T10:00:00+01:60", "2026-11-22T10:00:00ZZ", "２026-11-22T10:00:00Z", "+026-11-22T10:00:00Z",
            String(repeating: "0", count: 100_000),
        ])
    func rejectedText(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test("timestamps are ordered by time")
    func order() {
        #expect(Timestamp(milliseconds: 1) < Timestamp(milliseconds: 2))
    }
}

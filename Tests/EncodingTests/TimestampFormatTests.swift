import Encoding
import TestSupport
import Testing

@Suite("Formats of timestamps")
struct TimestampFormatTests {
    @Test("The Date of a response and the date of a signature")
    func dates() {
        #expect(Timestamp(httpDate: "Sun, 22 Nov 2026 10:00:00 GMT")?.milliseconds == 1_795_341_600_000)
        #expect(Timestamp(httpDate: "Thu, 29 Feb 2024 23:59:59 GMT")?.milliseconds == 1_709_251_199_000)
        for text in [
            "", "Sunday, 22-Nov-26 10:00:00 GMT", "Sun, 22 Nov 2026 10:00:00 CET", "Sun, 22 Foo 2026 10:00:00 GMT",
        ] {
            #expect(Timestamp(httpDate: text) == nil)
        }
        #expect(Timestamp(milliseconds: 1_795_341_600_999).amzDate == "20261122T100000Z")
        #expect(Timestamp(milliseconds: 1_709_251_199_000).amzDate == "20240229T235959Z")
    }

    @Test(
        "a time is formatted as in RFC 9110",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ])
    func date(seconds: Int, text: String) {
        #expect(Timestamp(milliseconds: Int64(seconds) * 1000).httpDate == text)
    }

    @Test(
        "a date of a response that does not exist, or of another form, is rejected",
        arguments: [
            "Sun, 31 Feb 2026 10:00:00 GMT", "Sun, 22 Nov 2026 24:00:00 GMT", "Sun, 22 Nov 2026 10:60:00 GMT",
            "Sun, 22 Nov 2026 10:00:61 GMT", "Sun, 22 Nov 1969 10:00:00 GMT", "Foo, 22 Nov 2026 10:00:00 GMT",
            "Sun, 2 Nov 2026 10:00:00 GMT", "Sun 22 Nov 2026 10:00:00 GMT", "Sun, 22 Nov 2026 10:00:00 GMT ",
            "Sun, 22 nov 2026 10:00:00 GMT", "Sun, 22 Nov 2026 10:00:00", "Sun Nov 22 10:00:00 2026", "Su\u{FC}, 22",
        ])
    func rejectedHTTPDates(text: String) {
        #expect(Timestamp(httpDate: text) == nil)
    }

    @Test("a leap second of a response is the first second of the next minute")
    func leapSecond() {
        #expect(
            Timestamp(httpDate: "Sat, 31 Dec 2016 23:59:60 GMT") == Timestamp(iso8601: "2017-01-01T00:00:00Z"))
    }

    @Test(
        "a date of a signature of another form is rejected",
        arguments: [
            "", "20261122T100000", "20261122t100000Z", "20261122T1000Z", "20260230T100000Z", "20261122T240000Z",
            "20261122T106000Z", "20261122T100060Z", "2026-11-22T10:00:00Z", "20261122T100000ZZ", "19691231T235959Z",
        ])
    func rejectedAMZDates(text: String) {
        #expect(Timestamp(amzDate: text) == nil)
    }

    @Test("each option of ISO 8601 accepts its own form only")
    func options() {
        let forms: [(String, Timestamp.ISO8601Options)] = [
            ("2026-11-22T12:00:00+02:00", .offset), ("2026-11-22T12:00:00+0200", .compactOffset),
            ("2026-11-22 10:00:00Z", .space), ("2026-11-22T10:00:00", .missingZone),
            ("2026-11-22T10:00:00UTC", .missingZone), ("2026-11-22T09:59:60Z", .leapSecond),
        ]
        let all: Timestamp.ISO8601Options = [.offset, .compactOffset, .space, .missingZone, .leapSecond]
        for (text, option) in forms {
            #expect(Timestamp(iso8601: text, accepting: option)?.amzDate == "20261122T100000Z", "\(text)")
            #expect(Timestamp(iso8601: text, accepting: all) != nil, "\(text)")
            #expect(Timestamp(iso8601: text, accepting: all.subtracting(option)) == nil, "\(text)")
        }
        #expect(Timestamp(iso8601: "2026-11-22T10:00:00Z", accepting: []) != nil)
    }

    @Test("a fraction is parsed to the nanosecond")
    func nanoseconds() throws {
        let parsed = try #require(Timestamp.parse(iso8601: "2026-11-22T10:00:00.123456789Z", accepting: []))
        #expect(parsed.timestamp.milliseconds == 1_795_341_600_123)
        #expect(parsed.nanoseconds == 456_789)
    }

    @Test("seconds since 1970 are formatted with milliseconds")
    func epochSeconds() {
        #expect(Timestamp(milliseconds: 1_795_341_600_003).epochSeconds == "1795341600.003")
        #expect(Timestamp(milliseconds: 40).epochSeconds == "0.040")
    }

    @Test("random text and changed dates are rejected or parsed without a trap")
    func hostileInput() {
        var generator = SeededGenerator(seed: 3)
        let valid = [
            "2026-11-22T10:00:00.123+02:00", "20261122T100000Z", "Sun, 22 Nov 2026 10:00:00 GMT",
            "Aug 20, 2024 12:00:00 AM",
        ].map { Array($0.utf8) }
        for _ in 0..<50_000 {
            var bytes = valid.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[index] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8(ascii: "9"), at: index)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let all: Timestamp.ISO8601Options = [.offset, .compactOffset, .space, .missingZone, .leapSecond]
            for time in [
                Timestamp(iso8601: text, accepting: all), Timestamp(amzDate: text), Timestamp(httpDate: text),
                Timestamp(mediumEnglish: text),
            ] {
                guard let time else { continue }
                #expect(Timestamp.millisecondsRange.contains(time.milliseconds), "\(text)")
            }
        }
    }
}

@Suite("Arithmetic with timestamps and durations")
struct TimestampArithmeticTests {
    @Test("durations are added and subtracted")
    func arithmetic() {
        let time = Timestamp(milliseconds: 10_000)
        #expect((time + .seconds(2)).milliseconds == 12_000)
        #expect((time - .seconds(2)).milliseconds == 8000)
        #expect(time + .seconds(2) - time == .seconds(2))
        #expect(time - (time + .seconds(2)) == .seconds(-2))
    }

    @Test("results out of range are clamped")
    func clamped() {
        let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
        for duration in [Duration.seconds(Int64.max), .seconds(Int64.min), .zero, .milliseconds(1)] {
            for time in [first, last] {
                #expect(Timestamp.millisecondsRange.contains((time + duration).milliseconds))
                #expect(Timestamp.millisecondsRange.contains((time - duration).milliseconds))
            }
        }
        #expect(first + .seconds(Int64.max) == last)
        #expect(last - .seconds(Int64.max) == first)
    }

    @Test("durations are converted to milliseconds, rounded and clamped")
    func milliseconds() {
        #expect(Duration.microseconds(1500).milliseconds == 1)
        #expect(Duration.microseconds(1500).millisecondsRoundedUp == 2)
        #expect(Duration.microseconds(-1500).milliseconds == -1)
        #expect(Duration.microseconds(-1500).millisecondsRoundedUp == -1)
        #expect(Duration.milliseconds(7).millisecondsRoundedUp == 7)
        #expect(Duration.nanoseconds(1).millisecondsRoundedUp == 1)
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.max).millisecondsRoundedUp == .max)
        #expect(Duration.seconds(Int64.min).milliseconds == .min)
        #expect(Duration.seconds(Int64.min).millisecondsRoundedUp == .min)
    }

    @Test("the clocks advance")
    func clocks() {
        #expect(WallClock.now().milliseconds > 1_700_000_000_000)
        #expect(WallClock.now() > Timestamp(milliseconds: 1_700_000_000_000))
        let before = MonotonicClock.elapsed()
        #expect(before >= .zero)
        #expect(MonotonicClock.elapsed() >= before)
        #expect(MonotonicClock.elapsed() >= before)
    }
}

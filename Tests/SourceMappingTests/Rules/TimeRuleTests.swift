import Encoding
import JSON
import Testing

@testable import SourceMapping

@Suite("Times of items")
struct TimeRuleTests {
    /// 2026-11-22T10:00:00Z.
    private static let receipt = Timestamp(milliseconds: 1_795_341_600_000)

    private func read(_ value: JSON, _ format: TimeRule.Format, path: String = "$.time") throws -> TimeRule.Reading? {
        let rule = TimeRule(path: try ItemPath(parsing: path), format: format)
        return try rule.time(of: ["time": value], receivedAt: Self.receipt)
    }

    @Test(
        "ISO 8601 is read with an offset, a fraction and a space",
        arguments: [
            ("2026-06-10T12:20:15.000+0000", 1_781_094_015_000), ("2026-06-10T12:20:15Z", 1_781_094_015_000),
            ("2026-06-10 14:20:15+02:00", 1_781_094_015_000), ("2026-06-10T12:20:15.123456789Z", 1_781_094_015_123),
            ("2026-06-10T12:20:15.999999Z", 1_781_094_015_999), ("2026-06-10T05:50:15.5-0630", 1_781_094_015_500),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("1970-01-01T00:00:00.001Z", 1),
        ])
    func iso8601(text: String, milliseconds: Int64) throws {
        #expect(try read(.string(text), .iso8601)?.time.milliseconds == milliseconds)
    }

    @Test(
        "a time that is malformed, without offset or before 1970 is missing",
        arguments: [
            "2026-06-10T12:20:15", "2026-06-10", "2026-06-10T12:20Z", "2026-02-30T12:20:15Z", "2026-06-10t12:20:15z",
            "2026-06-10T12:20:15.Z", "2026-06-10T12:20:15.1234567890Z", " 2026-06-10T12:20:15Z",
            "2026-06-10T12:20:15 Z",
            "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00",
            "10000-01-01T00:00:00Z",
            "1781094015",
            "2026-06-10T12:20:15Z\0", "now", "２０２６-06-10T12:20:15Z",
        ])
    func malformed(text: String) throws { #expect(try read(.string(text), .iso8601) == nil) }

    @Test(
        "epochs are read from numbers and numeric strings, rounded down to milliseconds",
        arguments: [
            ("1781094015", .epochSeconds, 1_781_094_015_000), ("1781094015.1239", .epochSeconds, 1_781_094_015_123),
            ("1781094015.999999999", .epochSeconds, 1_781_094_015_999),
            ("1.781094015123e9", .epochSeconds, 1_781_094_015_123),
            ("0.5", .epochSeconds, 500),
            ("1781094015123", .epochMillis, 1_781_094_015_123), ("1781094015123.9", .epochMillis, 1_781_094_015_123),
            ("1781094015", .epochMillis, 1_781_094_015),
        ] as [(String, TimeRule.Format, Int64)])
    func epochs(text: String, format: TimeRule.Format, milliseconds: Int64) throws {
        let expected = TimeRule.Reading(time: Timestamp(milliseconds: milliseconds), isReplaced: false)
        #expect(try read(.number(text), format) == expected)
        #expect(try read(.string(text), format) == expected)
    }

    @Test(
        "an epoch that is malformed or before 1970 is missing",
        arguments: [
            "0", "-0", "0e9", "-1", "-0.001", "-1e-400", "x", " 1", "1s", "2026-06-10T12:20:15Z", "0x10", "nan",
            "-1e999",
        ])
    func malformedEpochs(text: String) throws {
        #expect(try read(.string(text), .epochSeconds) == nil)
        #expect(try read(.string(text), .epochMillis) == nil)
    }

    @Test(
        "null, an empty string, a boolean, an array and an object are no time",
        arguments: [nil, "", true, [1], [:]] as [JSON])
    func missing(value: JSON) throws {
        for format in TimeRule.Format.allCases { #expect(try read(value, format) == nil) }
    }

    @Test("a time more than five minutes after receipt becomes receipt and says so")
    func future() throws {
        let receipt = Self.receipt.milliseconds
        for (offset, isReplaced) in [(0, false), (299_999, false), (300_000, false), (300_001, true)] as [(Int64, Bool)]
        {
            #expect(
                try read(.integer(receipt + offset), .epochMillis)
                    == .init(
                        time: isReplaced ? Self.receipt : Timestamp(milliseconds: receipt + offset),
                        isReplaced: isReplaced))
        }
        for text in ["1e300", "99999999999999", "1781094015000"] {
            #expect(try read(.number(text), .epochSeconds) == .init(time: Self.receipt, isReplaced: true))
        }
        #expect(try read("9999-12-31T23:59:59Z", .iso8601)?.isReplaced == true)
    }

    @Test("at the end of time no time is after receipt")
    func endOfTime() throws {
        let rule = TimeRule(path: try ItemPath(parsing: "$.time"), format: .epochSeconds)
        #expect(
            try rule.time(of: ["time": .number("1e99")], receivedAt: .latest) == .init(time: .latest, isReplaced: false)
        )
    }

    @Test("several values are an error, as it is open which one counts")
    func several() {
        #expect(throws: ItemError(.several, paths: ["$.time[*]"])) {
            try read([1, 2], .epochSeconds, path: "$.time[*]")
        }
    }

    @Test("a rule is read from the mapping, with all errors")
    func reading() {
        func read(_ tree: JSON) -> [String] {
            errors(tree) { _ = TimeRule(reading: $0, errors: &$1) }
        }
        #expect(read(["path": "$.t", "as": "epochMillis"]) == [])
        #expect(
            read(["path": "t", "as": "epochMilis", "format": 1]) == [
                "key.format: unknown key. Remove it, or use one of path, as.",
                "key.path, column 1: A path begins with $. Write $.name for a member.",
                "key.as: unknown word \"epochMilis\". Write epochMillis. All words: iso8601, epochSeconds, epochMillis.",
            ])
        #expect(read([:]).count == 2 && read("$.t").count == 1)
    }
}

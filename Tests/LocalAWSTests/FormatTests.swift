import Encoding
import JSON
import Testing

@testable import LocalAWS

@Suite("Formats of AWS's APIs")
struct FormatTests {
    @Test(
        "timestamps are parsed to the nanosecond, with any allowed offset",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-22T10:00:00.123Z", 1_795_341_600_123_000_000),
            ("2026-11-22T10:00:00.123456789Z", 1_795_341_600_123_456_789),
            ("2026-11-22T11:30:00.123+01:30", 1_795_341_600_123_000_000),
            ("2026-11-21T16:00:00-18:00", 1_795_341_600_000_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
            ("2000-03-01T00:00:00Z", 951_868_800_000_000_000), ("2199-12-31T23:59:59Z", 7_258_118_399_000_000_000),
        ])
    func timestamps(text: String, nanoseconds: Int64) {
        #expect(FindingTimestamp(iso8601: text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "an invalid timestamp is rejected",
        arguments: [
            "", "2026-11-22", "2026-11-22T10:00Z", "2026-11-22T10:00:00", "2026-11-22 10:00:00Z",
            "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
            "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T10:00:60Z", "2026-11-22T10:00:00.Z",
            "2026-11-22T10:00:00.1234567890Z", "2026-11-22T10:00:00+18:01", "2026-11-22T10:00:00+1:00",
            "2026-11-22T10:00:00ZZ", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
            "+026-11-22T10:00:00Z",
        ])
    func noTimestamps(text: String) {
        #expect(FindingTimestamp(iso8601: text) == nil)
    }

    @Test("timestamps are formatted as parsed, in every month")
    func roundTrip() {
        for milliseconds in stride(from: Int64(0), to: 7_258_118_400_000, by: 31 * 86_400_000 + 1) {
            let text = Timestamp(milliseconds: milliseconds).iso8601
            #expect(FindingTimestamp(iso8601: text)?.nanoseconds == milliseconds * 1_000_000)
        }
    }

    @Test("a time out of range is clamped")
    func clamped() {
        #expect(Timestamp(milliseconds: .min).iso8601 == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: .max).iso8601 == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: 1_795_341_600_003).epochSeconds == "1795341600.003")
    }

    @Test("a page examines no earlier element, and one later element")
    func pages() throws {
        let invalid = ServiceError.invalidInput("no such token")
        var token: JSON?
        var seen: [Int] = []
        var lookedAt: [Int] = []
        repeat {
            lookedAt = []
            let page = try Page(0..<100_000, token: token, query: "all", limit: 25_000, invalid: invalid) { number in
                lookedAt.append(number)
                return true
            }
            #expect(lookedAt == Array(seen.count..<min(seen.count + 25_001, 100_000)))
            seen += page.elements
            token = page.nextToken.map(JSON.string)
        } while token != nil && seen.count < 100_000
        #expect(seen == Array(0..<100_000))
        #expect(token == nil)
        let first = try Page(0..<5, token: nil, query: "all", limit: 1, invalid: invalid) { _ in true }
        let outside = try #require(first.nextToken).replacing("0-", with: "9-", maxReplacements: 1)
        #expect(throws: invalid) {
            try Page(0..<5, token: .string(outside), query: "all", limit: 1, invalid: invalid) { _ in true }
        }
    }

    @Test("forms are parsed, and invalid ones are rejected")
    func forms() {
        #expect(PercentEncoding.parameters("A=b%20c&D=%C3%BC+x&E=&F") == ["A": "b c", "D": "ü x", "E": "", "F": ""])
        #expect(PercentEncoding.parameters("A=%2") == nil)
        #expect(PercentEncoding.parameters("A=%GG") == nil)
        #expect(PercentEncoding.parameters("A=1&A=2") == nil)
    }

    @Test("texts are escaped in XML, and invalid characters are replaced")
    func xml() {
        let element = XMLElement("A", namespace: "x\"y", [XMLElement("B", "<&>\u{1}ü\n")])
        #expect(element.text == "<A xmlns=\"x&quot;y\"><B>&lt;&amp;&gt;\u{FFFD}ü\n</B></A>")
    }

    @Test("a UUID has its version and variant")
    func uuid() {
        let parts = RandomToken.uuid().split(separator: "-")
        #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
        #expect(parts[2].first == "4")
        #expect("89ab".contains(parts[3].first ?? "x"))
        #expect(RandomToken.uuid() != RandomToken.uuid())
    }
}

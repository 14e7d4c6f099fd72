import Encoding
import JSON
import Testing

@testable import DeviceDefender

@Suite("Lenient timestamps")
struct LenientTimestampTests {
    @Test(
        "an expiration date is parsed in every format that CloudTrail may use",
        arguments: [
            .number("1724112000"), .number("1724112000.0"), .number("1724112000000"), "1724112000", "1.724112E9",
            "2024-08-20T00:00:00Z", "Aug 20, 2024 12:00:00 AM", "Aug 20, 2024, 12:00:00\u{202F}AM",
            "AUG 20, 2024 12:00:00 am",
        ] as [JSON])
    func leniency(json: JSON) {
        #expect(Timestamp(lenient: json)?.iso8601 == "2024-08-20T00:00:00.000Z")
    }

    @Test("noon and midnight of the English format are distinguished")
    func noon() {
        #expect(Timestamp(lenient: "Aug 20, 2024 12:00:01 PM")?.iso8601 == "2024-08-20T12:00:01.000Z")
        #expect(Timestamp(lenient: "Aug 20, 2024 1:02:03 PM")?.iso8601 == "2024-08-20T13:02:03.000Z")
        #expect(Timestamp(lenient: "Aug 20, 2024 11:59:59 AM")?.iso8601 == "2024-08-20T11:59:59.000Z")
    }

    @Test(
        "an expiration date of unknown format is rejected",
        arguments: [
            "", "tomorrow", "nan", "inf", .number("-1"), .number("1e999"), .number("99999999999999999999"), nil, true,
            [], "Aug 20, 2024 13:00:00 PM", "Aug 20, 2024 0:00:00 AM", "Aug 32, 2024 1:00:00 AM",
            "Foo 20, 2024 1:00:00 AM", "Aug 20, 2024 1:00 AM", "Aug 20, 2024 1:00:00",
            "Aug -9223372036854775808, 2024 1:00:00 AM",
            "Aug 20, 9223372036854775807 1:00:00 AM",
        ] as [JSON])
    func rejectedLeniency(json: JSON) {
        #expect(Timestamp(lenient: json) == nil)
    }
}

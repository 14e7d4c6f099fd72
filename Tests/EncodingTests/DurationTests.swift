import Encoding
import Testing

@Suite struct DurationTests {
    @Test(
        "A number with a unit is parsed as a duration",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("0s", .zero), ("30s", .seconds(30)), ("15m", .seconds(900)),
            ("1h", .seconds(3600)), ("7d", .seconds(604_800)), ("999999999d", .seconds(999_999_999 * 86_400)),
        ])
    func valid(text: String, expected: Duration) { #expect(Duration(text) == expected) }

    @Test(
        "Anything else is rejected as a duration",
        arguments: ["", "1", "h", "-1h", "1.5h", "1 h", "1H", "1hs", " 1h", "1h ", "10000000000s", "١h", "1h30m"])
    func invalid(text: String) { #expect(Duration(text) == nil) }
}

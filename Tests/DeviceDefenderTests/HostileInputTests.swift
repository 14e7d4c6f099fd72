import JSON
import Testing

@testable import DeviceDefender

@Suite("Hostile input")
struct HostileInputTests {
    static let marker = "only-in-the-payload"

    static let replacements: [JSON] = [
        nil, true, "", " ", .string(marker), .string("\u{0}\u{202E}" + String(repeating: "🚰", count: 3000)), 0, -1,
        .number("9223372036854775807"), .number("-9223372036854775808"), .number("18446744073709551616"),
        .number("1e308"), .number("1e999"), .number("-1e999"), .number("0.0000001"), [], [[]], [nil], [:], ["": ""],
        .object([UTF8Text(marker): .string(marker)]),
    ]

    @Test(
        "a message with any part replaced is parsed, or rejected without quoting it",
        arguments: Payloads.all)
    func variants(payload: JSON) {
        var rejected = 0
        for json in payload.variants(replacements: Self.replacements) {
            for reason in Self.reasons(json) {
                rejected += 1
                #expect(!reason.contains(Self.marker))
                #expect((1...200).contains(reason.count))
            }
        }
        #expect(rejected > 0)
    }

    /// The reasons of all parsers that reject a value.
    private static func reasons(_ json: JSON) -> [String] {
        var reasons: [String] = []
        func read(_ reader: () throws(UnrecognizedMessageError) -> Void) {
            do { try reader() } catch { reasons.append(error.reason) }
        }
        read { () throws(UnrecognizedMessageError) in _ = try DeviceDefenderMessage(json) }
        read { () throws(UnrecognizedMessageError) in _ = try AuditTask(id: "t", description: json) }
        read { () throws(UnrecognizedMessageError) in _ = try AuditFinding(json) }
        read { () throws(UnrecognizedMessageError) in _ = try EventBridgeEvent(json) }
        read { () throws(UnrecognizedMessageError) in _ = try ResourceIdentifier(json) }
        return reasons
    }
}

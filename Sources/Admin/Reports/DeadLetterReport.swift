import AWSCore
import DeviceDefender
package import Encoding
import FoundationEssentials
package import JSON
import Processing
package import Store
import Telemetry

/// Reports on dead letters, as JSON and as text. Pure functions.
package enum DeadLetterReport {
    /// A dead letter without its payload, as JSON.
    package static func json(_ letter: DeadLetter) -> JSON { json(letter.summary) }

    /// A dead letter without its payload, as JSON.
    package static func json(_ letter: DeadLetterSummary) -> JSON {
        var members: JSON.Members = [
            "id": .string(letter.id), "account": .string(letter.accountRegion.account.digits),
            "region": .string(letter.accountRegion.region.name), "channel": .string(letter.channel.name),
            "receivedAt": time(letter.receivedAt), "attempts": .integer(letter.attempts),
            "firstFailedAt": time(letter.firstFailedAt), "lastFailedAt": time(letter.lastFailedAt),
            "reason": .string(letter.reason), "payloadBytes": .integer(letter.payloadLength),
        ]
        members["source"] = letter.source.map(JSON.string)
        return .object(members)
    }

    /// A dead letter as JSON, with its payload: as text, or in Base64 if it is not UTF-8.
    package static func jsonWithPayload(_ letter: DeadLetter) -> JSON {
        var members = json(letter).object ?? [:]
        if let text = String(validating: letter.delivery.payload, as: UTF8.self) {
            members["payload"] = .string(text)
        } else {
            members["payloadBase64"] = .string(Base64.encode(letter.delivery.payload))
        }
        return .object(members)
    }

    /// A table of dead letters as lines of text.
    package static func lines(_ letters: [DeadLetter], now: Timestamp) -> [String] {
        guard !letters.isEmpty else { return ["No matching dead letters."] }
        let head = ["id", "account/Region", "channel", "attempts", "failed", "reason"]
        let rows = letters.map { letter in
            [
                letter.delivery.id, "\(letter.delivery.lane)", letter.delivery.channel.name,
                String(letter.attempts), AgeText.text(now - letter.lastFailedAt) + " ago",
                letter.reason.count > reasonLength ? letter.reason.prefix(reasonLength) + "…" : letter.reason,
            ]
        }
        return TextTable.lines([head] + rows, alignedRight: 3...4)
    }

    /// Length at which a reason is cut in the table, in characters.
    private static let reasonLength = 120

    /// One dead letter with its payload, as lines of text.
    package static func lines(_ letter: DeadLetter) -> [String] {
        let delivery = letter.delivery
        let rows = [
            ["id", delivery.id], ["account/Region", "\(delivery.lane)"], ["channel", delivery.channel.name],
            ["received", delivery.receivedAt.iso8601], ["attempts", String(letter.attempts)],
            ["first failure", letter.firstFailedAt.iso8601], ["last failure", letter.lastFailedAt.iso8601],
            ["reason", letter.reason], ["payload", "\(delivery.payload.count) bytes"],
        ]
        return TextTable.lines(rows, alignedRight: 9...9) + [""] + payloadLines(delivery.payload)
    }

    private static func payloadLines(_ payload: [UInt8]) -> [String] {
        if let json = try? JSON(parsing: payload) {
            return json.prettyPrinted().split(separator: "\n").map { String($0).escapingControls() }
        }
        guard let text = String(validating: payload, as: UTF8.self) else {
            return [Base64.encode(payload)]
        }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).escapingControls() }
    }

    private static func time(_ time: Timestamp) -> JSON { .string(time.iso8601) }
}

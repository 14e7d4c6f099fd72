package import JSON
import Telemetry

/// The document of `/deliveries/{id}` as lines of text. A pure value.
///
/// The document may come from a bridge of another version; members that are missing or `null` are unknown.
package struct DeliveryText: Sendable {
    private let document: JSON

    /// - Parameter document: the document.
    package init(_ document: JSON) { self.document = document }

    /// The lines.
    package var lines: [String] {
        [facts, section("Steps", steps), section("Requests to AWS", requests), section("Findings", findings), note]
            .filter { !$0.isEmpty }.joined(separator: [""]).map { $0 }
    }

    private var facts: [String] {
        let names = ["account", "region", "source"].compactMap { document[$0]?.string }
        let rows = [
            ["id", text("id")], ["account/Region", names.joined(separator: "/")], ["channel", text("channel")],
            ["subject", text("subject")], ["received", text("receivedAt")], ["state", text("state")],
            ["attempts", document["attempts"]?.integer.map { "\($0)" } ?? "-"],
            ["next attempt", text("nextAttemptAt")], ["last error", text("lastError")], ["replica", text("replica")],
        ]
        return TextTable.lines(rows)
    }

    private var steps: [String] {
        TextTable.lines(list("steps").map { [text("at", of: $0), text("step", of: $0), text("detail", of: $0)] })
    }

    private var requests: [String] {
        TextTable.lines(
            list("requests").map { request in
                [
                    text("at", of: request), text("operation", of: request), number("status", of: request),
                    text("error", of: request), "\(number("durationMs", of: request)) ms",
                    text("requestId", of: request),
                ]
            })
    }

    private var findings: [String] {
        TextTable.lines(
            list("findings").map { finding in
                [
                    text("id", of: finding), text("severity", of: finding), text("state", of: finding),
                    text("consoleUrl", of: finding),
                ]
            })
    }

    private var note: [String] { document["note"]?.string.map { ["Note: \($0.escapingControls())"] } ?? [] }

    private func section(_ title: String, _ lines: [String]) -> [String] { lines.isEmpty ? [] : [title + ":"] + lines }

    private func list(_ name: String) -> [JSON] { document[name]?.array ?? [] }

    private func text(_ name: String, of json: JSON? = nil) -> String { (json ?? document)[name]?.string ?? "-" }

    private func number(_ name: String, of json: JSON) -> String { json[name]?.integer.map { "\($0)" } ?? "-" }
}

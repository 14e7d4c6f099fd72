package import Encoding
package import JSON
import TestSupport

/// An item of a mapped source in a random history: a finding in a state, or the archival of a group.
package struct ItemEvent: Sendable, Hashable {
    /// The name of the source.
    package static let source = "plant"
    /// The number of findings. The first one has no group.
    package static let findings = 3
    /// The mapping of the source. The states of items have times.
    package static let mapping: JSON = [
        "id": ["$.id"], "group": ["$.site"], "time": ["path": "$.at", "as": "epochMillis"],
        "archivedWhen": ["state": ["closed"]], "archivesGroupWhen": ["state": ["removed"]],
        "severity": ["path": "$.state", "map": ["default": "HIGH"]], "title": "{$.title}", "description": "{$.title}",
        "resources": [["type": "Other", "id": "{$.id}"]],
    ]

    /// The position in the order of acceptance.
    package let sequence: Int64
    /// The number of the finding.
    package let number: Int
    /// `open`, `closed`, or `removed`: all findings of the group end.
    package let state: String
    /// When the state changed; different for each item.
    package let time: Timestamp

    /// The item as sent.
    package var json: JSON {
        var members: JSON.Members = [
            "id": .integer(number), "state": .string(state), "at": .integer(time.milliseconds),
            // Of two titles, so that some items change nothing.
            "title": .string("title \(sequence % 2)"),
        ]
        members["site"] = number == 0 ? nil : "east"
        return .object(members)
    }

    /// Random items, in the order of acceptance.
    static func items(using random: inout SeededGenerator) -> [ItemEvent] {
        let moments = (0..<EventHistory.moments).shuffled(using: &random).prefix(Int.random(in: 0...6, using: &random))
        return moments.enumerated().map { index, moment in
            let number = Int.random(in: 0..<findings, using: &random)
            let states = number == 0 ? ["open", "open", "closed"] : ["open", "open", "open", "closed", "removed"]
            return ItemEvent(
                sequence: Int64(index + 1), number: number, state: states.randomElement(using: &random) ?? "open",
                time: EventHistory.time(moment))
        }
    }
}

extension ExpectedState {
    /// Whether the finding of a mapped source is active.
    package static func isActive(item number: Int, after items: [ItemEvent]) -> Bool {
        guard
            let newest = items.filter({ $0.number == number && $0.state != "removed" }).max(by: { $0.time < $1.time })
        else { return false }
        let isRemoved = number > 0 && items.contains { $0.state == "removed" && $0.time > newest.time }
        return newest.state == "open" && !isRemoved
    }
}

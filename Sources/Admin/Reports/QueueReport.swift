import AWSCore
import DeviceDefender
package import Encoding
package import JSON
import Processing
package import Store
import Telemetry

/// Report on the queue: number and age of deliveries by lane and state, and the pauses. A pure value.
package struct QueueReport: Sendable, Hashable {
    /// The counts, from ``DeliveryQueue/queueDepths(now:after:limit:)``.
    package let depths: [QueueDepth]
    /// The pauses.
    package let pauses: [Pause]
    /// The time of the report.
    package let now: Timestamp

    /// Creates a report.
    package init(depths: [QueueDepth], pauses: [Pause], now: Timestamp) {
        self.depths = depths
        self.pauses = pauses
        self.now = now
    }

    /// Reads a store, page by page.
    package init(of store: any DeliveryQueue, now: Timestamp) async throws(StoreError) {
        var depths: [QueueDepth] = []
        for try await page in store.queueDepths(now: now) { depths += page }
        self.init(depths: depths, pauses: try await store.pauses(), now: now)
    }

    /// Number of deliveries in a state.
    private func count(_ state: QueueDepth.State, of depths: [QueueDepth]) -> Int {
        depths.reduce(0) { $0 + ($1.state == state ? $1.count : 0) }
    }

    /// Age of the oldest delivery that is not a dead letter; nil if there is none.
    private func oldestAge(of depths: [QueueDepth]) -> Duration? {
        depths.filter { $0.state != .dead }.map(\.oldestReceivedAt).min().map { max(now - $0, .zero) }
    }

    private var byLane: [(lane: DeliveryLane, depths: [QueueDepth])] {
        Dictionary(grouping: depths, by: \.lane).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    // MARK: JSON

    /// The report as JSON.
    package var json: JSON {
        var members = counts(of: depths)
        members["pauses"] = .array(pauses.map(Self.json))
        members["accountRegions"] = .array(
            byLane.map { lane, depths in
                var members = counts(of: depths)
                members["account"] = .string(lane.accountRegion.account.digits)
                members["region"] = .string(lane.accountRegion.region.name)
                members["source"] = lane.source.map(JSON.string)
                members["states"] = .object(
                    JSON.Members(
                        uniqueKeysWithValues: depths.map { depth in (UTF8Text(depth.state.rawValue), json(of: depth)) })
                )
                return .object(members)
            })
        return .object(members)
    }

    private func counts(of depths: [QueueDepth]) -> JSON.Members {
        var members = JSON.Members(
            uniqueKeysWithValues: QueueDepth.State.allCases.map {
                (UTF8Text($0.rawValue), .integer(count($0, of: depths)))
            })
        members["oldestAgeSeconds"] = oldestAge(of: depths).map(JSON.seconds) ?? .null
        return members
    }

    private func json(of depth: QueueDepth) -> JSON {
        [
            "count": .integer(depth.count),
            "oldestAgeSeconds": .age(depth.oldestReceivedAt, now: now),
        ]
    }

    /// A pause as JSON.
    package static func json(_ pause: Pause) -> JSON {
        var members: JSON.Members = [
            "account": pause.scope.account.map { .string($0.digits) } ?? .null, "by": .string(pause.pausedBy),
            "since": .string(pause.pausedAt.iso8601), "reason": pause.reason.map(JSON.string) ?? .null,
        ]
        members["source"] = pause.scope.source.map(JSON.string)
        return .object(members)
    }

    // MARK: Text

    /// The report as lines of text.
    package var lines: [String] {
        var rows = [["account/Region"] + QueueDepth.State.allCases.map(\.rawValue) + ["oldest"]]
        rows += byLane.map { row("\($0.lane)", $0.depths) }
        if byLane.count != 1 { rows.append(row("total", depths)) }
        let table = depths.isEmpty ? ["The queue is empty."] : TextTable.lines(rows, alignedRight: 1...5)
        return pauses.map { Self.line($0) } + table
    }

    private func row(_ name: String, _ depths: [QueueDepth]) -> [String] {
        [name] + QueueDepth.State.allCases.map { String(count($0, of: depths)) }
            + [oldestAge(of: depths).map(AgeText.text) ?? "-"]
    }

    /// A pause as a line of text.
    package static func line(_ pause: Pause) -> String {
        let since = pause.pausedAt.iso8601
        let reason = pause.reason.map { ": \($0)" } ?? ""
        return "Sending to Security Hub is paused for \(pause.scope.words) since \(since) by \(pause.pausedBy)\(reason)"
            .escapingControls()
    }
}

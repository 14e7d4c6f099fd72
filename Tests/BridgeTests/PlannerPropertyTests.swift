import DeviceDefender
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Bridge

@Suite struct PlannerPropertyTests {
    /// What Security Hub does with imports, and what the ledger says beside it.
    private struct World {
        var ledger: [String: LedgerEntry] = [:]
        var hub: [String: SecurityFinding] = [:]
        /// Imports that Security Hub ignores because they are not newer.
        var ignored = 0

        mutating func apply(_ batch: [Observation]) {
            for (id, change) in Planner.plan(batch, known: ledger) {
                if let finding = change.finding {
                    if let last = hub[id], finding.updatedAt <= last.updatedAt {
                        ignored += 1
                    } else {
                        hub[id] = finding
                    }
                }
                ledger[id] = change.entry
            }
        }
    }

    /// The whole truth: the newest event wins; of equally old ones, the end of the alarm; then the greater content.
    private static func winner(_ history: [Observation], _ id: String) -> Observation? {
        history.filter { $0.finding.id == id }.max { left, right in
            if left.time != right.time { return left.time < right.time }
            let archived = [left, right].map { $0.finding.recordState == .archived }
            if archived[0] != archived[1] { return archived[1] }
            return left.finding.json.serialized().lexicographicallyPrecedes(right.finding.json.serialized())
        }
    }

    private static func said(_ finding: SecurityFinding) -> [String] {
        [finding.recordState.rawValue, finding.title, finding.description]
            + finding.productFields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    @Test("Histories in any order, repeated and split in any way, end as the newest events say")
    func converge() throws {
        var pool: [Observation] = []
        for violation in ["v1", "v2", "v3"] {
            for time in 0..<6 as Range<Int64> {
                for event in ["in-alarm", "alarm-cleared", "alarm-invalidated"] {
                    for count in 0..<2 as Range<Int64> {
                        pool.append(try observation(violation, at: now + time, event: event, count: count))
                    }
                }
            }
        }
        var seeds = SystemRandomNumberGenerator()
        for number in 0..<2500 as Range<UInt64> {
            let seed = number < 500 ? number : seeds.next()
            var random = SeededGenerator(seed: seed)
            var history: [Observation] = []
            for _ in 0..<Int.random(in: 1...16, using: &random) {
                if let next = pool.randomElement(using: &random) { history.append(next) }
            }
            history += history.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random))
            history.shuffle(using: &random)
            var world = World()
            var rest = history[...]
            while !rest.isEmpty {
                let size = Int.random(in: 1...rest.count, using: &random)
                world.apply(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            var isRight = world.ignored == 0
            for id in Set(history.map(\.finding.id)) {
                let expected = try #require(Self.winner(history, id))
                let entry = try #require(world.ledger[id], "seed \(seed)")
                let shown = try #require(world.hub[id], "seed \(seed)")
                isRight =
                    isRight && entry.eventTime == expected.time.milliseconds
                    && Self.said(shown) == Self.said(expected.finding)
                    && (entry.recordState == .active) == (shown.recordState == .active)
                    && entry.finding == shown.json.serialized() && entry.updatedAt == shown.updatedAt.milliseconds
                    && entry.createdAt == shown.createdAt.milliseconds
            }
            try #require(isRight, "seed \(seed)")
        }
    }
}

import Encoding
import Fixtures
import Planning
import TestSupport
import Testing

/// Random histories of scheduled and on-demand audits, disabled checks, passing time, alarms, suppressions, verifications
/// items of a mapped source, and filters. Events arrive late, in any order, repeatedly and in any portions, with crashes between any two steps.
/// Security Hub always converges to the state that follows from the newest events.
@Suite struct ConvergencePropertyTests {
    private static let histories = 10_000
    private static let shards = 4

    @Test("10,000 random histories converge to the expected state", arguments: 0..<shards)
    func converge(shard: Int) async throws {
        let first = UInt64.random(in: 0...UInt64.max / 2)
        print("The random histories of shard \(shard) begin with seed \(first).")
        try await expectConvergence(of: (0..<UInt64(Self.histories / Self.shards)).map { first + $0 })
    }

    /// Fixed histories, for cases that a random run may miss, and those that failed in the past.
    @Test("Fixed histories converge to the expected state") func known() async throws {
        try await expectConvergence(of: Array(0..<200) + [7_199_173_618_745_242_955, 5_044_817_165_445_095_989])
    }

    /// Plays histories up to the first that leaves differences. On a thread of its own: it computes for many seconds,
    /// during which other tests would have no thread to run on.
    private func expectConvergence(of seeds: [UInt64]) async throws {
        let (failure, unchanged) = try await onThread { () throws -> ((seed: UInt64, differences: [String])?, Int) in
            let generator = try EventGenerator()
            let mapper = try ConvergenceModel.ItemMapper()
            var unchanged = 0
            for seed in seeds {
                let differences = try play(generator, mapper, seed: seed, &unchanged)
                if !differences.isEmpty { return ((seed, differences), unchanged) }
            }
            return (nil, unchanged)
        }
        try #require(failure == nil, "\(failure.map { "seed \($0.seed): \($0.differences)" } ?? "")")
        // Otherwise, the histories would not show that findings may be recognized by their digests.
        #expect(unchanged > seeds.count / 10)
    }

    /// Plays a history, and returns the differences at its end.
    ///
    /// - Parameter unchanged: the number of findings that were recognized by their digests is added.
    private func play(
        _ generator: EventGenerator, _ mapper: ConvergenceModel.ItemMapper, seed: UInt64, _ unchanged: inout Int
    ) throws -> [String] {
        var random = SeededGenerator(seed: seed)
        let history = try EventHistory(generator, using: &random)
        var model = ConvergenceModel()
        var pending = history.events
        pending += pending.shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random))
        pending.shuffle(using: &random)
        let crashes = Bool.random(using: &random)
        let reads = Bool.random(using: &random)
        let audits = ExpectedState(events: history.events, now: 0).audits
        var items = PendingItems(history.items, seed: seed, crashes: crashes)
        var filters = try PendingFilters(seed: seed)
        filters.switchSome(&model)
        while !pending.isEmpty {
            filters.switchSome(&model)
            try items.processSome(&model, mapper)
            let portion = Array(pending.prefix(Int.random(in: 1...4, using: &random)))
            model.crash(
                afterSteps: crashes && Bool.random(using: &random) ? Int.random(in: 0...9, using: &random) : nil)
            do {
                try model.process(portion, generator)
                pending.removeFirst(portion.count)
                if reads, Int.random(in: 0...3, using: &random) == 0 {
                    try model.listAudits(audits, until: EventHistory.time(Int.random(in: 0...12, using: &random)))
                    try model.archiveStale()
                }
            } catch is ConvergenceModel.CrashError {
                // Events that were not completed arrive again, at any time.
                pending.shuffle(using: &random)
            }
        }
        while !items.isEmpty {
            filters.switchSome(&model)
            try items.processSome(&model, mapper)
        }
        model.crash(afterSteps: nil)
        if filters.areUsed { try model.compareWithFilter() }
        if Bool.random(using: &random) { model.advance(to: EventHistory.end + 10_000) }
        try model.expireSuppressions()
        if reads {
            // Time passes, with or without audits.
            try model.listAudits(audits, until: EventHistory.time(Int.random(in: 12...20, using: &random)))
            try model.archiveStale()
            // Suppressions may have expired during these steps.
            try model.expireSuppressions()
        }
        unchanged += model.unchanged
        return model.differences(
            from: ExpectedState(events: history.events, now: model.now, cutoff: model.cutoff), generator)
            + model.differences(from: history.items, mapper)
    }
}

/// A filter that is switched on, off and on between the events, in half of the histories: in some of them once, before the
/// first event.
private struct PendingFilters {
    let areUsed: Bool
    private let filters: [FindingFilter]
    private let isConstant: Bool
    private var isFirst = true
    private var random: SeededGenerator

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed.byteSwapped)
        areUsed = Bool.random(using: &random)
        isConstant = Int.random(in: 0...3, using: &random) == 0
        filters = [.none] + (try ConvergenceModel.filters().shuffled(using: &random).prefix(1))
    }

    mutating func switchSome(_ model: inout ConvergenceModel) {
        guard areUsed else { return }
        if isFirst {
            isFirst = false
            if isConstant { model = ConvergenceModel(filter: filters[1]) }
        }
        guard !isConstant, Bool.random(using: &random) else { return }
        model.use(filters.randomElement(using: &random) ?? .none)
    }
}

/// Items of a mapped source that arrive between the other events: in any order, in any portions and repeatedly.
private struct PendingItems {
    private var items: [ItemEvent]
    private let crashes: Bool
    private var random: SeededGenerator

    init(_ items: [ItemEvent], seed: UInt64, crashes: Bool) {
        random = SeededGenerator(seed: ~seed)
        self.crashes = crashes
        self.items = items + items.shuffled(using: &random).prefix(Int.random(in: 0...2, using: &random))
        self.items.shuffle(using: &random)
    }

    var isEmpty: Bool { items.isEmpty }

    mutating func processSome(_ model: inout ConvergenceModel, _ mapper: ConvergenceModel.ItemMapper) throws {
        let portion = Array(items.prefix(Int.random(in: 0...3, using: &random)))
        guard !portion.isEmpty else { return }
        let steps = crashes && Bool.random(using: &random) ? Int.random(in: 0...5, using: &random) : nil
        model.crash(afterSteps: steps)
        do {
            try model.process(portion, mapper)
            items.removeFirst(portion.count)
        } catch is ConvergenceModel.CrashError {
            items.shuffle(using: &random)
        }
        model.crash(afterSteps: nil)
    }
}

import TestSupport
import Testing

@testable import Bridge

/// Random histories of audits by schedules and on demand, of checks that are turned off, of time that passes, of alarms,
/// suppressions and verifications, told late, in any order, several times, in any
/// portions, with crashes between any two steps: Security Hub always comes to show what was said last.
@Suite struct LifePropertyTests {
    private static let histories = 10_000
    private static let shards = 4

    @Test("10,000 random histories end as the model says", arguments: 0..<shards)
    func converge(shard: Int) throws {
        let words = try EventGenerator()
        let first = UInt64.random(in: 0...UInt64.max / 2)
        print("The random histories of shard \(shard) begin with seed \(first).")
        for number in 0..<UInt64(Self.histories / Self.shards) {
            let seed = first + number
            let differences = try play(words, seed: seed)
            try #require(differences.isEmpty, "seed \(seed)")
        }
    }

    /// The same few histories each time, for what chance may pass over in a single run, and one that once ended wrong.
    @Test("Known histories end as the model says") func known() throws {
        let words = try EventGenerator()
        for seed in Array(0..<UInt64(200)) + [7_199_173_618_745_242_955] {
            let differences = try play(words, seed: seed)
            try #require(differences.isEmpty, "seed \(seed)")
        }
    }

    /// Plays a history, and returns what is wrong at its end.
    private func play(_ words: EventGenerator, seed: UInt64) throws -> [String] {
        var random = SeededGenerator(seed: seed)
        let history = try LifeHistory(words, using: &random)
        var world = ConvergenceModel()
        var told = history.sayings
        told += told.shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random))
        told.shuffle(using: &random)
        let crashes = Bool.random(using: &random)
        let reads = Bool.random(using: &random)
        let audits = LifeModel(sayings: history.sayings, now: 0).audits
        while !told.isEmpty {
            let portion = Array(told.prefix(Int.random(in: 1...4, using: &random)))
            world.letCrash(after: crashes && Bool.random(using: &random) ? Int.random(in: 0...9, using: &random) : nil)
            do {
                try world.hear(portion, words)
                told.removeFirst(portion.count)
                if reads, Int.random(in: 0...3, using: &random) == 0 {
                    try world.read(audits, until: LifeHistory.time(Int.random(in: 0...12, using: &random)))
                    try world.archiveStale()
                }
            } catch is ConvergenceModel.Crash {
                // What was not completed is told again, at any time.
                told.shuffle(using: &random)
            }
        }
        world.letCrash(after: nil)
        if Bool.random(using: &random) { world.advance(to: LifeHistory.end + 10_000) }
        try world.settle()
        if reads {
            // Time goes on, and audits may not.
            try world.read(audits, until: LifeHistory.time(Int.random(in: 12...20, using: &random)))
            try world.archiveStale()
        }
        return world.differences(
            from: LifeModel(sayings: history.sayings, now: world.now, cutoff: world.cutoff), words)
    }
}

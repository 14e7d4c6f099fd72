import SNS
import Testing

@Suite("How often a host is asked")
struct FetchBudgetTests {
    @Test("a few times at once, then once in a while, each host for itself")
    func rate() {
        var budget = FetchBudget()
        func count(_ host: String, at now: Int64) -> Int {
            (0..<100).count { _ in budget.take(from: host, now: now) }
        }
        #expect(count("a", at: 0) == FetchBudget.burst)
        #expect(count("b", at: 0) == FetchBudget.burst)
        #expect(count("a", at: FetchBudget.interval - 1) == 0)
        #expect(count("a", at: FetchBudget.interval) == 1)
        #expect(count("a", at: 3 * FetchBudget.interval) == 2)
        #expect(count("a", at: 1000 * FetchBudget.interval) == FetchBudget.burst)
    }

    @Test("over a minute of flood, a host is asked no more than a dozen times")
    func minute() {
        var budget = FetchBudget()
        let count = (0..<60_000).count { budget.take(from: "a", now: Int64($0)) }
        #expect(count == FetchBudget.burst + 5)
    }

    @Test("a clock that is set back does not lock a host out")
    func clock() {
        var budget = FetchBudget()
        for _ in 0..<FetchBudget.burst { _ = budget.take(from: "a", now: 10_000_000) }
        let isTaken = budget.take(from: "a", now: 0)
        #expect(isTaken)
    }

    @Test("account is kept of so many hosts, and no others are asked meanwhile")
    func bound() {
        var budget = FetchBudget()
        let count = (0..<1000).count { budget.take(from: "host-\($0)", now: 0) }
        #expect(count == 256)
        let isTaken = budget.take(from: "another", now: FetchBudget.interval)
        #expect(isTaken)
    }
}

import Encoding
import Fixtures
import TestSupport
import Testing

@testable import Telemetry

@Suite("Repeated log lines") struct RepeatedLineLimiterTests {
    private typealias Rule = RepeatedLineLimiter<String>

    @Test("The first lines of a kind in a minute are written, the others are summarized when it is over")
    func sums() {
        var rule = Rule()
        let written = (0..<57).count { rule.allows("a", now: .seconds($0)) }
        #expect(written == Rule.limit && Rule.limit == 20)
        let isOtherWritten = rule.allows("b", now: .seconds(30))
        let (early, summaries) = (rule.takeSummaries(now: .milliseconds(59_999)), rule.takeSummaries(now: .seconds(60)))
        #expect(isOtherWritten && early.isEmpty)
        #expect(summaries == [Rule.Summary(kind: "a", count: 37, seconds: 60)])
        // A new minute; and one line alone is no repetition.
        let isWrittenAgain = rule.allows("a", now: .seconds(60))
        let rest = rule.takeSummaries(now: .seconds(200))
        #expect(isWrittenAgain && rest.isEmpty)
    }

    @Test("At the end, the current minute is summarized, too")
    func end() {
        var rule = Rule()
        for _ in 0..<25 { _ = rule.allows("a", now: .seconds(1)) }
        let (summaries, rest) = (
            rule.takeSummaries(now: .seconds(4), atEnd: true), rule.takeSummaries(now: .seconds(4), atEnd: true)
        )
        #expect(summaries == [Rule.Summary(kind: "a", count: 5, seconds: 3)] && rest.isEmpty)
    }

    @Test("Lines of kinds beyond the limit of distinct kinds are all written")
    func kinds() {
        var rule = RepeatedLineLimiter<Int>()
        let kinds = 0..<RepeatedLineLimiter<Int>.maximumKinds
        let known = kinds.count { rule.allows($0, now: .zero) }
        let beyond = (0..<100).count { _ in rule.allows(-1, now: .milliseconds(1)) }
        let summaries = rule.takeSummaries(now: .seconds(60))
        let later = (0..<100).count { _ in rule.allows(-1, now: .milliseconds(60_001)) }
        #expect(known == kinds.count && beyond == 100 && summaries.isEmpty && later == RepeatedLineLimiter<Int>.limit)
    }

    @Test("Lines of many peers are counted together")
    func peers() {
        var rule = RepeatedLineLimiter<Int>()
        let written = (0..<10_000).count { rule.allows($0, elseAs: -1, now: .zero) }
        #expect(written == RepeatedLineLimiter<Int>.maximumKinds / 2 + RepeatedLineLimiter<Int>.limit)
        let summaries = rule.takeSummaries(now: .seconds(60))
        #expect(summaries.map(\.kind) == [-1] && summaries.map(\.count) == [10_000 - written])
    }

    @Test("A clock that is set back does not extend a minute")
    func clock() {
        var rule = Rule()
        for _ in 0..<30 { _ = rule.allows("a", now: .seconds(1000)) }
        let before = rule.takeSummaries(now: .seconds(1000))
        let summaries = rule.takeSummaries(now: .seconds(5))
        #expect(before.isEmpty && summaries == [Rule.Summary(kind: "a", count: 10, seconds: 1)])
    }
}

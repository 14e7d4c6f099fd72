import Encoding
import SNS
import TestSupport
import Testing

@Suite("FetchRateLimiter")
struct FetchRateLimiterTests {
    @Test("each host allows a burst, then one request per interval")
    func rate() {
        var fetchLimiter = FetchRateLimiter()
        func count(_ host: String, at now: Duration) -> Int {
            (0..<100).count { _ in fetchLimiter.allowRequest(to: host, now: now) }
        }
        #expect(count("a", at: .zero) == FetchRateLimiter.burst)
        #expect(count("b", at: .zero) == FetchRateLimiter.burst)
        #expect(count("a", at: FetchRateLimiter.interval - .milliseconds(1)) == 0)
        #expect(count("a", at: FetchRateLimiter.interval) == 1)
        #expect(count("a", at: FetchRateLimiter.interval * 3) == 2)
        #expect(count("a", at: FetchRateLimiter.interval * 1000) == FetchRateLimiter.burst)
    }

    @Test("over a minute of flood, a host receives at most a dozen requests")
    func minute() {
        var fetchLimiter = FetchRateLimiter()
        let count = (0..<60_000).count { fetchLimiter.allowRequest(to: "a", now: .milliseconds($0)) }
        #expect(count == FetchRateLimiter.burst + 5)
    }

    @Test("a clock that is set back does not lock a host out")
    func clock() {
        var fetchLimiter = FetchRateLimiter()
        for _ in 0..<FetchRateLimiter.burst { _ = fetchLimiter.allowRequest(to: "a", now: .seconds(10_000)) }
        let isTaken = fetchLimiter.allowRequest(to: "a", now: .zero)
        #expect(isTaken)
    }

    @Test("the number of tracked hosts is bounded, and no others are requested meanwhile")
    func bound() {
        var fetchLimiter = FetchRateLimiter()
        let count = (0..<1000).count { fetchLimiter.allowRequest(to: "host-\($0)", now: .zero) }
        #expect(count == 256)
        let isTaken = fetchLimiter.allowRequest(to: "another", now: FetchRateLimiter.interval)
        #expect(isTaken)
    }
}

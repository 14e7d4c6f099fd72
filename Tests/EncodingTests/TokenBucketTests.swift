import Encoding
import TestSupport
import Testing

@Suite("Token buckets")
struct TokenBucketTests {
    @Test(
        "No time window has more tokens than the burst plus the rate", arguments: 0..<50 as Range<UInt64>)
    func tokenBucket(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = Double.random(in: 0.1...200, using: &random)
        let burst = Int.random(in: 1...40, using: &random)
        var bucket = TokenBucket(rate: rate, burst: Double(burst))
        var now = Duration.zero
        var uses: [Duration] = []
        for _ in 0..<300 {
            if Bool.random(using: &random) { now += .seconds(Double.random(in: 0...0.2, using: &random)) }
            uses.append(now + bucket.reserve(now: now))
        }
        #expect(zip(uses, uses.dropFirst()).allSatisfy { $0.0 <= $0.1 })
        var isWithin = true
        for (first, start) in uses.enumerated() {
            for (count, end) in uses[first...].enumerated() {
                let window = (end - start) / .seconds(1)
                isWithin = isWithin && Double(count + 1) <= Double(burst) + rate * window + 1e-6
            }
        }
        #expect(isWithin)
    }

    @Test("A full bucket allows its burst at once, then one token per interval")
    func tokenBucketBurst() {
        var bucket = TokenBucket(rate: 10, burst: 3)
        let waits = (0..<5).map { _ in bucket.reserve(now: .seconds(7)) }
        #expect(waits == [.zero, .zero, .zero, .milliseconds(100), .milliseconds(200)])
        #expect((0..<3).map { _ in bucket.reserve(now: .seconds(60)) } == [.zero, .zero, .zero])
    }

    @Test("An emptied bucket refills at its rate")
    func empty() {
        var bucket = TokenBucket(rate: 10, burst: 10)
        bucket.empty(now: .seconds(1))
        #expect(bucket.reserve(now: .seconds(1)) == .milliseconds(100))
        #expect(bucket.reserve(now: .seconds(1) + .milliseconds(100)) == .milliseconds(100))
        bucket.empty(now: .seconds(1) + .milliseconds(100))
        #expect(bucket.reserve(now: .seconds(1) + .milliseconds(100)) == .milliseconds(200))
    }

    @Test("Tokens are taken while there are any, and one per interval afterward")
    func take() {
        var bucket = TokenBucket(rate: 0.1, burst: 6)
        func taken(at seconds: Double) -> Int { (0..<100).count { _ in bucket.take(now: .seconds(seconds)) } }
        #expect(taken(at: 0) == 6)
        #expect(taken(at: 9.999) == 0)
        #expect(taken(at: 10) == 1)
        #expect(taken(at: 30) == 2)
        #expect(taken(at: 10_000) == 6)
    }

    @Test("A rate whose interval is no whole number of attoseconds has its burst")
    func thirds() {
        var bucket = TokenBucket(rate: 3, burst: 6)
        #expect((0..<100).count { _ in bucket.take(now: .zero) } == 6)
        #expect((0..<100).count { _ in bucket.take(now: .seconds(1)) } == 3)
    }

    @Test("Spending takes the rest of a token, and never more than there is")
    func spend() {
        var bucket = TokenBucket(rate: 1, burst: 2)
        bucket.spend(now: .zero)
        #expect(bucket.level(now: .zero) == 1)
        bucket.spend(now: .milliseconds(500))
        bucket.spend(now: .milliseconds(500))
        bucket.spend(now: .milliseconds(500))
        #expect(bucket.level(now: .milliseconds(500)) == 0)
        #expect(bucket.level(now: .milliseconds(1500)) == 1)
    }

    @Test("A level is set, up to the burst, and may be negative")
    func level() {
        var bucket = TokenBucket(rate: 10, burst: 4)
        #expect(bucket.level(now: .seconds(5)) == 4)
        for level in [4.0, 2, 0, -3] {
            bucket.setLevel(level, now: .seconds(5))
            #expect(bucket.level(now: .seconds(5)) == level)
        }
        bucket.setLevel(9, now: .seconds(5))
        #expect(bucket.level(now: .seconds(5)) == 4)
    }

    @Test("A clock that goes back makes the level negative")
    func clock() {
        var bucket = TokenBucket(rate: 1, burst: 2)
        #expect((0..<2).allSatisfy { _ in bucket.take(now: .seconds(100)) })
        #expect(bucket.level(now: .seconds(100)) == 0)
        #expect(bucket.level(now: .zero) < 0)
        let isTaken = bucket.take(now: .zero)
        #expect(!isTaken)
    }

    @Test("Absurd rates, bursts and times do not trap", arguments: [0, -1, 1e-300, 1e300, .nan, .infinity])
    func absurd(number: Double) {
        for (rate, burst) in [(number, 1.0), (1, number), (number, number)] {
            var bucket = TokenBucket(rate: rate, burst: burst)
            for now in [Duration.zero, .milliseconds(Int64.max), .milliseconds(Int64.min)] {
                _ = bucket.reserve(now: now)
                _ = bucket.take(now: now)
                bucket.spend(now: now)
                bucket.empty(now: now)
                _ = bucket.level(now: now)
            }
        }
    }
}

import TestSupport
import Testing

@testable import AWSClient

@Suite("Token buckets")
struct TokenBucketTests {
    @Test(
        "No time window has more tokens than the burst plus the rate", arguments: 0..<50 as Range<UInt64>)
    func tokenBucket(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = Double.random(in: 0.1...200, using: &random)
        let burst = Int.random(in: 1...40, using: &random)
        var bucket = TokenBucket(rate: rate, burst: burst)
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
}

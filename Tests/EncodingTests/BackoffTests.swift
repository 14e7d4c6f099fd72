import Encoding
import Testing

@Suite("Exponential backoff")
struct ExponentialBackoffTests {
    @Test("the delay doubles up to its limit")
    func doubles() {
        let backoff = ExponentialBackoff(base: .seconds(1), cap: .seconds(300))
        let delays = (1...11).map { backoff.delay(afterFailures: $0) }
        #expect(delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map { .seconds($0) })
    }

    @Test("jitter takes nothing, half or all")
    func jitter() {
        let delays = [ExponentialBackoff.Jitter.none, .half, .full].map { jitter in
            [0, 0.5, 1].map {
                ExponentialBackoff(base: .seconds(8), cap: .seconds(60), jitter: jitter)
                    .delay(afterFailures: 1, random: $0)
            }
        }
        #expect(delays == [[8, 8, 8], [4, 6, 8], [0, 4, 8]].map { $0.map { .seconds($0) } })
    }

    @Test("a base above the limit counts as the limit, and a negative one as zero")
    func bounds() {
        #expect(ExponentialBackoff(base: .seconds(9), cap: .seconds(5)).delay(afterFailures: 3) == .seconds(5))
        #expect(ExponentialBackoff(base: .seconds(-9), cap: .seconds(5)).delay(afterFailures: 3) == .zero)
        #expect(ExponentialBackoff(base: .seconds(9), cap: .seconds(-5)).delay(afterFailures: 3) == .zero)
    }

    @Test("arguments out of range give delays within the range", arguments: [Int.min, -1, 0, 1, 64, 128, Int.max])
    func total(failures: Int) {
        for cap in [Duration.seconds(300), .seconds(Int64.max)] {
            for random in [-1.0, 2, .infinity, -.infinity, .nan] {
                for jitter in [ExponentialBackoff.Jitter.none, .half, .full] {
                    let backoff = ExponentialBackoff(base: .nanoseconds(1), cap: cap, jitter: jitter)
                    #expect((.zero...cap).contains(backoff.delay(afterFailures: failures, random: random)))
                }
            }
        }
    }
}

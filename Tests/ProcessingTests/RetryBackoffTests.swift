import Encoding
import Testing

@testable import Processing

@Suite struct RetryBackoffTests {
    @Test("The delay doubles from one second to five minutes, and jitter removes at most half of it")
    func doubles() {
        let longest = (1...2500).map { RetryBackoff.delay(afterAttempt: $0, jitter: 1) }
        #expect(Array(longest.prefix(10)) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map { Duration.seconds($0) })
        #expect(zip(longest, longest.dropFirst()).allSatisfy { $0.0 <= $0.1 })
        #expect(longest.allSatisfy { $0 <= .seconds(300) })
        for attempt in [1, 5, 9, 10, 2500] {
            #expect(RetryBackoff.delay(afterAttempt: attempt, jitter: 0) * 2 == longest[attempt - 1])
        }
    }

    @Test("Out-of-range arguments give delays within the range", arguments: [Int.min, -1, 0, Int.max])
    func total(attempt: Int) {
        for jitter in [-1.0, 2.0, .infinity, -.infinity, .nan] {
            let delay = RetryBackoff.delay(afterAttempt: attempt, jitter: jitter)
            #expect((Duration.milliseconds(500)...Duration.seconds(300)).contains(delay))
        }
    }

    @Test("A delivery that always fails is retried for more than four days, and up to more than a week")
    func timeout() {
        let shortest = (1..<RetryBackoff.maximumAttempts).map { RetryBackoff.delay(afterAttempt: $0, jitter: 0) }
        #expect(shortest.reduce(.zero, +) > .seconds(4 * 86_400))
        let longest = (1..<RetryBackoff.maximumAttempts).map { RetryBackoff.delay(afterAttempt: $0, jitter: 1) }
        #expect(longest.reduce(.zero, +) > .seconds(7 * 86_400))
    }
}

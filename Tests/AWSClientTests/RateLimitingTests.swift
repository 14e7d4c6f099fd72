import AWSCore
import Encoding
import JSON
import TestSupport
import Testing

@testable import AWSClient

@Suite("Rate limiting", .timeLimit(.minutes(15)))
struct PaceTests {
    private static let program = """
        import json, sys
        from botocore.retries import adaptive, bucket, throttling
        class Clock:
            time = 0.0
            def current_time(self): return self.time
        class Detector:
            def is_throttling_error(self, throttled): return throttled
        results = []
        for history in json.load(sys.stdin):
            clock = Clock()
            clock.time = history[0][0]
            tokens = bucket.TokenBucket(max_rate=1, clock=clock)
            limiter = adaptive.ClientRateLimiter(
                rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=clock.time),
                rate_clocker=adaptive.RateClocker(clock), token_bucket=tokens,
                throttling_detector=Detector(), clock=clock)
            rates = []
            for time, throttled in history:
                clock.time = time
                limiter.on_receiving_response(throttled=throttled)
                rates.append(tokens.max_rate)
            results.append(rates)
        print(json.dumps(results))
        """

    @Test("The adaptive rate equals botocore's for any sequence of responses")
    func adaptive() async throws {
        var random = SeededGenerator(seed: 9)
        let histories = (0..<50).map { _ in
            var time = Double.random(in: 0...100, using: &random)
            let isRare = Bool.random(using: &random)
            return (0..<200).map { _ in
                time += Double.random(in: 0...0.3, using: &random)
                return (time, Int.random(in: 0...(isRare ? 50 : 4), using: &random) == 0)
            }
        }
        let given = JSON.array(
            histories.map { .array($0.map { .array([.number("\($0.0)"), .bool($0.1)]) }) }
        ).serialized()
        let text = try await Program.python(Self.program, input: given)
        let expected = try JSON(parsing: Array(text.utf8), limits: JSONLimits(values: 100_000))
        for (history, rates) in zip(histories, try #require(expected.array)) {
            var adaptive = AdaptiveRate(now: history[0].0)
            for ((time, isThrottled), rate) in zip(history, try #require(rates.array)) {
                if isThrottled { adaptive.recordThrottling(now: time) } else { adaptive.recordResponse(now: time) }
                let expected = try #require(rate.double)
                #expect(abs(adaptive.rate - expected) < 1e-6 * max(1, expected))
            }
        }
    }

    @Test("Nothing is limited until the first throttled request; then each request waits for a token")
    func limiting() {
        var adaptive = AdaptiveRate(now: 0)
        for number in 0..<40 {
            #expect(adaptive.reserve(now: Double(number) / 10) == 0)
            adaptive.recordResponse(now: Double(number) / 10)
        }
        adaptive.recordThrottling(now: 4)
        let rate = adaptive.rate
        #expect((3...8).contains(rate))
        let waits = (0..<20).map { _ in adaptive.reserve(now: 4) }
        let positive = waits.filter { $0 > 0 }
        #expect(positive.count > 10)
        #expect(zip(positive, positive.dropFirst()).allSatisfy { abs($1 - $0 - 1 / rate) < 1e-9 })
    }

    private func key(_ operation: String, _ service: AWSService = .securityHub, account: String = "111122223333") throws
        -> Pacer.Key
    {
        Pacer.Key(account: AccountID(account), region: region, service: service, operation: operation)
    }

    @Test(
        "Each operation in each account and Region has the pace that AWS documents, a request at once less than allowed"
    )
    func documented() throws {
        let pacer = Pacer()
        func waits(_ key: Pacer.Key, _ count: Int) -> [Duration] {
            (0..<count).map { _ in pacer.reserve(key, now: .zero) }
        }
        let imports = waits(try key("BatchImportFindings"), 31)
        #expect(imports[28] == .zero && imports[29] == .milliseconds(100) && imports[30] == .milliseconds(200))
        #expect(waits(try key("BatchImportFindings", account: "444455556666"), 29).allSatisfy { $0 == .zero })
        let reads = waits(try key("GetFindings"), 6)
        #expect(reads[4] == .zero && reads[5] > .milliseconds(333) && reads[5] < .milliseconds(334))
        #expect(waits(try key("ListAuditFindings", .iot), 10).last == .milliseconds(100))
        #expect(waits(try key("DescribeAuditTask", .iot), 25).last == .milliseconds(40))
        #expect(waits(try key("AssumeRole", .sts), 1000).allSatisfy { $0 == .zero })
    }

    @Test("The configured rate applies to imports only")
    func imports() throws {
        let pacer = Pacer(imports: Pacer.ImportRate(rate: 100, burst: 1))
        _ = pacer.reserve(try key("BatchImportFindings"), now: .zero)
        #expect(pacer.reserve(try key("BatchImportFindings"), now: .zero) == .milliseconds(10))
        #expect((0..<29).allSatisfy { _ in (try? pacer.reserve(key("BatchUpdateFindings"), now: .zero)) == .zero })
    }

    @Test("A changed import rate applies immediately to existing and new limits, and keeps used tokens")
    func otherRate() throws {
        let pacer = Pacer()
        let known = try key("BatchImportFindings")
        for _ in 0..<29 { #expect(pacer.reserve(known, now: .zero) == .zero) }
        pacer.setImportRate(Pacer.ImportRate(rate: 100, burst: 40), now: .zero)
        // 29 of 39 usable tokens are used.
        #expect((0..<10).allSatisfy { _ in pacer.reserve(known, now: .zero) == .zero })
        #expect(pacer.reserve(known, now: .zero) == .milliseconds(10))
        let new = try key("BatchImportFindings", account: "444455556666")
        #expect((0..<39).allSatisfy { _ in pacer.reserve(new, now: .zero) == .zero })
        #expect(pacer.reserve(new, now: .zero) == .milliseconds(10))
    }

    @Test("Token levels are reported for each account, Region and operation with a quota")
    func levels() throws {
        let pacer = Pacer()
        for _ in 0..<4 { _ = pacer.reserve(try key("BatchImportFindings"), now: .zero) }
        _ = pacer.reserve(try key("AssumeRole", .sts), now: .zero)
        for _ in 0..<7 { _ = pacer.reserve(try key("GetFindings"), now: .zero) }
        let accountRegion = AccountRegion(account: try #require(AccountID("111122223333")), region: region)
        let levels = pacer.levels(now: .zero).sorted { $0.operation < $1.operation }
        #expect(levels.map(\.operation) == ["BatchImportFindings", "GetFindings"])
        #expect(levels.allSatisfy { $0.accountRegion == accountRegion })
        #expect(abs(levels[0].tokens - 25) < 1e-9 && abs(levels[1].tokens + 2) < 1e-9)
        #expect(pacer.levels(now: .seconds(60)).map(\.tokens).sorted() == [5, 29])
    }

    @Test("Taking over an account-Region empties its existing and new limits, and no others")
    func takeover() throws {
        let pacer = Pacer()
        let (imports, reads) = (try key("BatchImportFindings"), try key("GetFindings"))
        let other = try key("BatchImportFindings", account: "444455556666")
        #expect(pacer.reserve(imports, now: .zero) == .zero)
        pacer.takeOver(AccountRegion(account: try #require(imports.account), region: region), now: .zero)
        #expect((0..<2).map { _ in pacer.reserve(imports, now: .zero) } == [.milliseconds(100), .milliseconds(200)])
        #expect(pacer.reserve(reads, now: .zero) > .milliseconds(300))
        #expect((0..<29).allSatisfy { _ in pacer.reserve(other, now: .zero) == .zero })
        #expect(pacer.reserve(imports, now: .seconds(60)) == .zero)
    }

    @Test("Retry-After delays requests for up to a minute")
    func retryAfter() throws {
        let pacer = Pacer()
        let operation = try key("BatchImportFindings")
        pacer.record(operation, isThrottled: true, retryAfter: .seconds(7), now: .seconds(1))
        #expect(pacer.reserve(operation, now: .seconds(2)) == .seconds(6))
        pacer.record(operation, isThrottled: true, retryAfter: .seconds(86_400), now: .seconds(10))
        #expect(pacer.reserve(operation, now: .seconds(10)) == .seconds(60))
        #expect(!pacer.hasHeadroom(operation, now: .seconds(10)))
        #expect(pacer.hasHeadroom(try key("BatchUpdateFindings"), now: .seconds(10)))
    }
}

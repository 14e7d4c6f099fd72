import AWSCore
import Encoding
import Testing

@testable import LocalAWS

@Suite("Rates and faults")
struct CallRuleTests {
    /// The number of simultaneous requests that get a token.
    private static func taken(_ bucket: inout TokenBucket, requests: Int = 40, now: Int64) -> Int {
        var count = 0
        for _ in 0..<requests where bucket.take(now: .milliseconds(now)) { count += 1 }
        return count
    }

    @Test("a bucket allows its burst at once, and then its rate")
    func bucket() {
        var bucket = Throttle.Rate(perSecond: 10, burst: 30).bucket
        #expect(Self.taken(&bucket, now: 1000) == 30)
        #expect(Self.taken(&bucket, now: 1099) == 0)
        #expect(Self.taken(&bucket, now: 1100) == 1)
        #expect(Self.taken(&bucket, now: 2100) == 10)
        #expect(Self.taken(&bucket, now: 1_000_000) == 30)
    }

    @Test("a clock that goes backward adds no tokens", arguments: [-1_000_000, 0, 999])
    func backwards(time: Int64) {
        var bucket = Throttle.Rate(perSecond: 1000, burst: 1).bucket
        #expect(Self.taken(&bucket, now: 1000) == 1)
        #expect(Self.taken(&bucket, now: time) == 0)
        #expect(Self.taken(&bucket, now: 1000) == 0)
    }

    @Test("each account, Region and operation has its own limit")
    func separate() throws {
        var throttle = Throttle()
        func allowed(_ operation: LocalAWS.Operation, _ accountRegion: AccountRegion) -> Int {
            var count = 0
            for _ in 0..<50 where throttle.allows(operation, of: accountRegion, now: 0) { count += 1 }
            return count
        }
        let accountRegion = try AccountRegion.test()
        #expect(allowed(.getFindings, accountRegion) == 6)
        #expect(allowed(.batchImportFindings, accountRegion) == 30)
        #expect(allowed(.batchUpdateFindings, accountRegion) == 30)
        #expect(allowed(.listAuditFindings, accountRegion) == 10)
        #expect(allowed(.listAuditSuppressions, accountRegion) == 10)
        #expect(allowed(.getCallerIdentity, accountRegion) == 50)
        #expect(allowed(.getFindings, try .test(region: "eu-west-1")) == 6)
        #expect(allowed(.getFindings, try .test(account: "444455556666")) == 6)
    }

    @Test("requests over the rate get the service's own error")
    func rejections() {
        #expect(Throttle.rejection(of: .batchImportFindings).status == 429)
        #expect(Throttle.rejection(of: .batchImportFindings).code == "TooManyRequestsException")
        #expect(Throttle.rejection(of: .listAuditFindings).code == "ThrottlingException")
        #expect(Throttle.rejection(of: .listAuditSuppressions).code == "ThrottlingException")
        #expect(Throttle.rejection(of: .assumeRole).code == "Throttling")
    }

    @Test("faults apply in insertion order, to their operation only")
    func faults() {
        var plan = FaultPlan()
        plan.add(ServiceError(500, "InternalException", ""), count: 2, to: .getFindings)
        plan.add(ServiceError(429, "LimitExceededException", ""), count: 1, to: .getFindings)
        let other = plan.next(for: .batchImportFindings)
        #expect(other == nil)
        var statuses: [Int?] = []
        for _ in 0..<4 { statuses.append(plan.next(for: .getFindings)?.status) }
        #expect(statuses == [500, 500, 429, nil])
    }
}

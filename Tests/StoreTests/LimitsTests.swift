import Encoding
import TestSupport
import Testing

@testable import Store

@Suite struct LimitsTests {
    @Test(
        arguments: [
            (.milliseconds(1), 0, 1), (.microseconds(1_999), 10, 11), (.seconds(60), 5, 60_005),
            (.seconds(Int64.max), 0, .latest), (.seconds(1), .latest - 1, .latest), (.milliseconds(1), .earliest, 1),
        ] as [(Duration, Timestamp, Timestamp)])
    func aLeaseEndsItsDurationAfterNowOrAtTheEndOfTime(duration: Duration, now: Timestamp, end: Timestamp) throws {
        #expect(try Limits.leaseEnd(duration, after: now) == end)
    }

    @Test(
        arguments: [
            (.zero, 0), (.microseconds(999), 0), (.seconds(Int64.min), 0), (.milliseconds(-1), 0),
            (.seconds(1), .latest),
        ] as [(Duration, Timestamp)])
    func aLeaseThatCouldNotEndAfterNowIsRejected(duration: Duration, now: Timestamp) {
        #expect(
            performing: { try Limits.leaseEnd(duration, after: now) },
            throws: { ($0 as? StoreError)?.code == .invalidValue })
    }
}

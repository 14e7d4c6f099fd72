import Encoding
import Testing

@testable import Store

@Suite struct LimitsTests {
    @Test(arguments: [
        (Duration.milliseconds(1), Int64(0), Int64(1)), (.microseconds(1_999), 10, 11), (.seconds(60), -5, 59_995),
        (.seconds(Int64.max), 0, .max), (.seconds(1), .max - 1, .max), (.milliseconds(1), .min, .min + 1),
    ])
    func aLeaseEndsItsDurationAfterNowOrAtTheEndOfTime(duration: Duration, now: Int64, end: Int64) throws {
        #expect(try Limits.leaseEnd(duration, after: now) == end)
    }

    @Test(arguments: [
        (Duration.zero, Int64(0)), (.microseconds(999), 0), (.seconds(Int64.min), 0), (.milliseconds(-1), 0),
        (.seconds(1), .max),
    ])
    func aLeaseThatCouldNotEndAfterNowIsRejected(duration: Duration, now: Int64) {
        #expect(
            performing: { try Limits.leaseEnd(duration, after: now) },
            throws: { ($0 as? StoreError)?.code == .invalidValue })
    }
}

import Testing

@testable import Bridge

@Suite struct StoreOutageTests {
    @Test("An outage is told of once, then each minute with the count, and at its end")
    func outage() {
        var record = OutageRecord()
        #expect(record.succeeded(now: 0) == nil && !record.isOut)
        #expect(record.failed("full", now: 1000) == .began(reason: "full"))
        for time in stride(from: Int64(1001), to: 61_000, by: 1000) { #expect(record.failed("full", now: time) == nil) }
        #expect(record.isOut)
        #expect(record.failed("fuller", now: 61_000) == .goesOn(reason: "fuller", failures: 62, milliseconds: 60_000))
        #expect(record.failed("fuller", now: 62_000) == nil)
        #expect(record.succeeded(now: 65_000) == .ended(failures: 63, milliseconds: 64_000))
        #expect(!record.isOut && record.succeeded(now: 70_000) == nil)
        #expect(record.failed("again", now: 71_000) == .began(reason: "again"))
    }

    @Test("An outage in which small writes succeed and large ones fail is one")
    func flapping() {
        var record = OutageRecord()
        #expect(record.failed("full", now: 0) == .began(reason: "full"))
        for time in stride(from: Int64(1000), to: 50_000, by: 1000) {
            #expect(record.succeeded(now: time) == nil)
            #expect(record.failed("full", now: time + 1) == nil)
        }
    }
}

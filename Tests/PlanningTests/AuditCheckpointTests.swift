import Testing

@testable import Planning

@Suite struct AuditCheckpointTests {
    @Test("A checkpoint survives the round trip through the store, and an invalid one starts from the first page")
    func roundTrip() {
        var rejections = FindingRejections()
        rejections.add("id", "reason")
        rejections.add("id2", "reason2")
        var checkpoint = AuditCheckpoint(nextToken: "+/=é", isListed: false, rejections: rejections, hasUnread: true)
        #expect(AuditCheckpoint(serialized: checkpoint.serialized) == checkpoint)
        for checkpoint in [nil, "", "{}", "[1]"] {
            #expect(AuditCheckpoint(serialized: checkpoint) == AuditCheckpoint())
        }
        checkpoint.nextToken = String(repeating: "x", count: 1 << 20)
        #expect(checkpoint.serialized == nil)
        #expect(rejections.outcome == .rejected("id: reason (and 1 more)"))
    }
}

import AWSCore
import Encoding
import Fixtures
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Processing

@Suite struct FindingRefresherTests {
    @Test("Active findings of all kinds are imported again before Security Hub deletes them, others are not")
    func refresh() async throws {
        try await ProcessingHarness.run { harness in
            let schedule = harness.scheduler()
            try await harness.store.finishLedger(of: accountRegion(), appliedAudits: [], now: now)
            try await harness.audit("t1", at: now, ["c1", "c2"], suppressed: ["c2"])
            for (id, event) in [("v1", "in-alarm"), ("v2", "alarm-cleared")] {
                _ = try await harness.store.append(delivery(id, Messages.alarm(id, event: event), of: accountRegion()))
            }
            try await harness.process(of: accountRegion())
            #expect(harness.aws.state.withLock { $0.imports.joined().count } == 4)
            for (days, imports) in [(74, 4), (1, 4), (1, 6), (1, 6), (75, 8)] {
                harness.time.advance(by: .seconds(days * 86_400))
                try await schedule.scheduleStaleFindings()
                try await schedule.scheduleStaleFindings()
                try await harness.process(of: accountRegion())
                #expect(harness.aws.state.withLock { $0.imports.joined().count } == imports)
            }
            #expect(harness.aws.state.withLock { $0.ignored } == 0)
            #expect(try await harness.store.ledgerCounts().active == 2)
        }
    }
}

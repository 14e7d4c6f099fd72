import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct ArrivalTests {
    private func audit(
        _ task: String, _ schedule: String? = "Daily", of accountRegion: Int = 0, began startTime: Timestamp,
        finishedAt: Timestamp? = nil
    ) -> FinishedAudit {
        FinishedAudit(
            accountRegion: accountRegions[accountRegion], schedule: schedule, taskID: task, startTime: startTime,
            finishedAt: finishedAt)
    }

    @Test(arguments: StoreKind.all) func theNewestAuditOfEachScheduleIsKept(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            for audits in [
                [audit("b", began: 20, finishedAt: 25)], [audit("a", began: 10, finishedAt: 30)],
                [audit("c", nil, began: 5)], [audit("d", nil, began: 6)],
                [audit("e", of: 1, began: 1), audit("f", "Weekly", of: 1, began: 1)],
            ] {
                try await store.record(LedgerUpdate(audits: audits), under: lease)
            }
            #expect(
                Set(try await store.finishedAudits()) == [
                    audit("b", began: 20, finishedAt: 25), audit("d", nil, began: 6), audit("e", of: 1, began: 1),
                    audit("f", "Weekly", of: 1, began: 1),
                ])
        }
    }

    @Test(arguments: StoreKind.all) func theEndOfAnAuditIsKeptWhenCatchUpFindsItAgain(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            for audit in [
                audit("a", began: 10, finishedAt: 30), audit("a", began: 10), audit("b", nil, began: 1, finishedAt: 2),
                audit("c", nil, began: 2),
            ] {
                try await store.record(LedgerUpdate(audits: [audit]), under: lease)
            }
            #expect(
                Set(try await store.finishedAudits()) == [
                    audit("a", began: 10, finishedAt: 30), audit("c", nil, began: 2),
                ])
            let long = String(repeating: "x", count: 2049)
            for bad in [
                audit("", began: 1), audit(long, began: 1), audit("a", "", began: 1), audit("a", long, began: 1),
            ] {
                #expect(
                    await failure { try await store.record(LedgerUpdate(audits: [bad]), under: lease) } == .invalidValue
                )
            }
        }
    }

    @Test(arguments: StoreKind.all) func theLastDeliveryOfEachAccountRegionIsKept(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            #expect(try await store.lastDeliveries() == [:])
            try await store.recordLastDeliveries([accountRegions[0]: 10, accountRegions[1]: 20])
            try await store.recordLastDeliveries([accountRegions[0]: 9, accountRegions[1]: 21, accountRegions[2]: -1])
            try await store.recordLastDeliveries([:])
            #expect(
                try await store.lastDeliveries() == [
                    accountRegions[0]: 10, accountRegions[1]: 21, accountRegions[2]: -1,
                ])
        }
    }

    @Test(arguments: StoreKind.all) func theNewestDeadLettersComeFirstWithoutTheirPayloads(kind: StoreKind) async throws
    {
        try await withStore(kind) { store async throws in
            for number in 1...4 {
                let payload = [UInt8](repeating: 0xFF, count: number * 3000)
                _ = try await store.append(delivery(number, of: accountRegions[number % 2], payload: payload))
                let taken = try #require(try await store.leaseBatch(now: 0).first)
                if number < 4 {
                    try await store.deadLetter(taken.lease, reason: "no \(number)", now: Timestamp(100 + number))
                }
            }
            let newest = try await store.newestDeadLetters(limit: 2)
            let all = try await store.deadLetters(matching: .all, limit: 1000, after: nil)
            #expect(newest.map(\.id) == ["sns:3", "sns:2"])
            #expect(newest == all.reversed().prefix(2).map(\.summary))
            #expect(newest.map(\.payloadLength) == [9000, 6000])
            #expect(await failure { _ = try await store.newestDeadLetters(limit: 0) } == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func recordedCompletionsPassVerification(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let lease = try await store.leaseNew(1).lease
            try await store.record(
                LedgerUpdate(audits: [audit("a", nil, began: 1), audit("b", began: 2, finishedAt: 3)]), under: lease)
            try await store.recordLastDeliveries([accountRegions[0]: 1])
            #expect(try await store.verify() == [])
            try await store.run("UPDATE finished_audit SET task_id = '' WHERE schedule = ''")
            try await store.run("UPDATE last_delivery SET origin = 'nowhere'")
            #expect(try await store.verify().count == 2)
        }
    }
}

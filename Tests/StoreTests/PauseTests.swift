import AWSCore
import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct PauseTests {
    private func pause(_ scope: Pause.Scope, at time: Timestamp = 5, reason: String? = "maintenance") -> Pause {
        Pause(scope, pausedBy: "ada", pausedAt: time, reason: reason)
    }

    @Test(arguments: StoreKind.all) func whileAllAccountsArePausedNothingIsLeasedAndAppendsContinue(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let held = try await store.leaseNew(1)
            try await store.pause(pause(.all))
            #expect(try await store.append(delivery(2)) == .stored)
            let batch = try await store.lease(limit: 10, for: .seconds(10), owner: "worker", now: 10)
            #expect(batch.deliveries == [] && batch.nextReadyAt == nil && batch.pauses == [pause(.all)])
            // Existing leases continue.
            try await store.complete(held.lease, recording: [], now: 10)
            #expect(try await store.resume(.all) == pause(.all))
            #expect(try await store.leaseBatch(now: 10).map(\.delivery.id) == ["sns:2"])
        }
    }

    @Test(arguments: StoreKind.all) func onlyThePausedAccountIsSkipped(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for (number, accountRegion) in manyAccountRegions.enumerated() {
                _ = try await store.append(delivery(number, of: accountRegion))
            }
            _ = try await store.append(delivery(9, of: manyAccountRegions[3], at: 900))
            try await store.pause(pause(.account(manyAccountRegions[0].account)))
            let batch = try await store.lease(limit: 10, for: .seconds(10), owner: "worker", now: 10)
            #expect(batch.deliveries.map(\.delivery.id) == ["sns:3"])
            #expect(batch.nextReadyAt == 900)
            #expect(try await store.resume(.account(manyAccountRegions[3].account)) == nil)
            #expect(try await store.leaseBatch(now: 10) == [])
            #expect(try await store.resume(.account(manyAccountRegions[0].account)) != nil)
            #expect(try await store.leaseBatch(now: 10).map(\.delivery.id).sorted() == ["sns:0", "sns:1", "sns:2"])
        }
    }

    @Test(arguments: StoreKind.all) func thePauseOfAllAccountsAndThoseOfSingleAccountsEndIndependently(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            _ = try await store.append(delivery(1))
            let (all, one, other) = (
                pause(.all), pause(.account(manyAccountRegions[0].account), reason: nil),
                pause(.account(manyAccountRegions[3].account))
            )
            for pause in [other, one, all] { try await store.pause(pause) }
            #expect(try await store.pauses() == [all, one, other])
            #expect(try await store.resume(.all) == all)
            #expect(try await store.leaseBatch(now: 10) == [])
            #expect(try await store.resume(.account(manyAccountRegions[0].account)) == one)
            #expect(try await store.leaseBatch(now: 10).count == 1)
            #expect(try await store.pauses() == [other])
        }
    }

    @Test(arguments: StoreKind.all) func thePauseOfASourceSkipsItInAllAccountRegions(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for (number, accountRegion) in manyAccountRegions.enumerated() {
                _ = try await store.append([
                    delivery(number, of: accountRegion), delivery(number + 10, of: accountRegion, source: "nozomi"),
                    delivery(number + 20, of: accountRegion, source: "plant-1"),
                ])
            }
            let pauses = [pause(.account(manyAccountRegions[3].account)), pause(.source("nozomi"))]
            for pause in pauses { try await store.pause(pause) }
            let batch = try await store.lease(limit: 20, for: .seconds(10), owner: "worker", now: 10)
            #expect(batch.pauses == pauses)
            #expect(
                batch.deliveries.map(\.delivery.id).sorted()
                    == [0, 1, 2, 20, 21, 22].map { "sns:\($0)" }.sorted())
            #expect(try await store.resume(.source("plant-1")) == nil)
            #expect(try await store.resume(.source("nozomi")) == pauses[1])
            #expect(
                try await store.leaseBatch(now: 10).map(\.delivery.id).sorted() == ["sns:10", "sns:11", "sns:12"])
        }
    }

    @Test func aNewPauseReplacesTheOldAndIsKeptInTheFile() async throws {
        let folder = try TemporaryFolder()
        var store = try await SQLiteStore(path: folder.file)
        try await store.pause(pause(.all))
        let last = pause(.all, at: 7, reason: String(repeating: "a\u{0}", count: 2000))
        try await store.pause(last)
        await store.close()
        store = try await SQLiteStore(path: folder.file)
        let kept = Pause(.all, pausedBy: "ada", pausedAt: 7, reason: String(repeating: "a", count: 512))
        #expect(try await store.pauses() == [kept])
        await store.close()
    }

    @Test(arguments: ["", "a\u{0}", String(repeating: "a", count: 257)], StoreKind.all)
    func aPauseWithoutANameIsRejected(
        name: String, kind: StoreKind
    ) async throws {
        try await withStore(kind) { store async throws in
            let pause = Pause(.all, pausedBy: name, pausedAt: 0, reason: nil)
            #expect(await failure { try await store.pause(pause) } == .invalidValue)
            #expect(try await store.pauses() == [])
        }
    }

    @Test(.timeLimit(.minutes(15))) func changesByAnotherProcessWakeTheWorkers() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        try await store.deadLetter(store.leaseNew(1).lease, reason: "no", now: 1)
        let other = try await SQLiteStore(path: folder.file, access: .maintenance)
        let steps: [@Sendable () async throws -> Void] = [
            { try await other.pause(self.pause(.all)) }, { _ = try await other.resume(.all) },
            { _ = try await other.requeueDeadLetters(ids: ["sns:1"]) },
        ]
        for step in steps {
            let mark = try await store.lease(limit: 1, for: .seconds(1), owner: "worker", now: 0).mark
            async let woken: Void = store.waitForWork(after: mark)
            try await step()
            await woken
        }
        #expect(try await store.leaseBatch(now: 0).map(\.delivery.id) == ["sns:1"])
        await other.close()
        await store.close()
    }

    @Test func ownWritesAreDistinguishedFromThoseOfOtherProcesses() async throws {
        try await withStore { store async throws in
            let mark = store.signal.mark
            for _ in 0..<3 {
                try await store.checkWritable()
                _ = try await store.queueStatus()
                try await Task.sleep(for: .milliseconds(700))
            }
            #expect(store.signal.mark == mark)
        }
    }
}

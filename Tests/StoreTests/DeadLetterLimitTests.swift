import AWSCore
import Encoding
import FoundationEssentials
import GRDB
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Dead letters never fill the store, and a noisy topic does not evict the dead letters of others.
@Suite struct DeadLetterLimitTests {
    private static func topic(_ name: String) throws -> ARN {
        try #require(ARN("arn:aws:sns:us-east-1:111122223333:\(name)"))
    }

    /// Appends a delivery and dead-letters it.
    @discardableResult
    private func deadLetter(
        _ number: Int, of topic: String? = nil, from channel: Delivery.Channel = .sns, bytes: Int = 8,
        at now: Timestamp, within limits: DeadLetterLimits, in store: any TestedStore
    ) async throws -> DroppedDeadLetters {
        let one = Delivery(
            id: "x:\(number)", accountRegion: accountRegions[0], channel: channel, topic: try topic.map(Self.topic),
            receivedAt: 0,
            payload: [UInt8](repeating: 1, count: bytes))
        _ = try await store.append(one)
        let leased = try #require(try await store.leaseBatch(1, now: 0).first)
        #expect(leased.delivery == one)
        return try await store.deadLetter(leased.lease, reason: "no", now: now, within: limits)
    }

    private func numbers(in store: any TestedStore) async throws -> [Int] {
        try await store.deadLetters(matching: .all, limit: 1000, after: nil)
            .compactMap { Int($0.delivery.id.dropFirst(2)) }
    }

    @Test(arguments: StoreKind.all) func aTopicUsesAtMostHalfOfTheLimitAndLosesItsOldest(kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let limits = DeadLetterLimits(maximumCount: 10, maximumBytes: 1 << 20)
            var dropped = 0
            for number in 1...9 {
                let drop = try await deadLetter(number, of: "noise", at: Timestamp(number), within: limits, in: store)
                #expect(drop.isEmpty == (number <= 5) && drop.lastShare == (number <= 5 ? nil : drop.lastShare))
                dropped += drop.counts[.count] ?? 0
            }
            #expect(dropped == 4)
            #expect(try await numbers(in: store) == [5, 6, 7, 8, 9])
            let usage = try await store.deadLetterUsage()
            #expect(usage.total == DeadLetterLoad(count: 5, bytes: 50))
            #expect(usage.dropped == 4 && usage.oldestFailedAt == 5)
            #expect(usage.utilization(of: limits).count == 1)
            #expect(try await store.verify() == [])
            // A dropped dead letter is deleted: its id is new again.
            #expect(try await store.append(delivery(1)) == .stored)
        }
    }

    @Test(arguments: StoreKind.all) func aNoisySourceEvictsNoOther(kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let limits = DeadLetterLimits(maximumCount: 8, maximumBytes: 1 << 20)
            for number in 0..<9 {
                let one = delivery(number, source: number == 0 ? "quiet" : "noisy", from: .webhook)
                _ = try await store.append(one)
                let leased = try #require(try await store.leaseBatch(1, now: 0).first)
                #expect(leased.delivery == one)
                let dropped = try await store.deadLetter(
                    leased.lease, reason: "no", now: Timestamp(milliseconds: Int64(number)), within: limits)
                #expect(dropped.lastShare == (number < 4 ? nil : "noisy"))
            }
            func ids(_ filter: DeadLetterFilter) async throws -> [String] {
                try await store.deadLetters(matching: filter, limit: 10, after: nil).map(\.delivery.id)
            }
            #expect(try await ids(.all) == ["sns:0", "sns:6", "sns:7", "sns:8"])
            let region = accountRegions[0].region
            #expect(try await ids(DeadLetterFilter(region: region, source: "quiet")) == ["sns:0"])
            #expect(try await ids(DeadLetterFilter(source: "noisy")).count == 3)
            #expect(try await ids(DeadLetterFilter(source: "")) == [])
            #expect(try await ids(DeadLetterFilter(region: accountRegions[1].region)) == [])
            #expect(try await ids(DeadLetterFilter(region: region)).count == 4)
            #expect(try await store.newestDeadLetters(limit: 1).map(\.source) == ["noisy"])
            #expect(try await store.verify() == [])
        }
    }

    @Test(arguments: StoreKind.all) func aNoisyTopicOrChannelEvictsNoOther(kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let limits = DeadLetterLimits(maximumCount: 20, maximumBytes: 1 << 20)
            for number in 1...3 {
                try await deadLetter(number, of: "defender", at: Timestamp(number), within: limits, in: store)
            }
            try await deadLetter(4, from: .eventBridge, at: 4, within: limits, in: store)
            try await deadLetter(5, from: .catchUp, at: 5, within: limits, in: store)
            for number in 6...40 {
                try await deadLetter(number, of: "noise", at: Timestamp(number), within: limits, in: store)
            }
            // The noisy topic gets the rest of the channel's half, and loses to smaller topics.
            #expect(try await numbers(in: store) == [1, 2, 3, 4, 5] + Array(34...40))
            try await deadLetter(41, of: "defender", at: 41, within: limits, in: store)
            #expect(try await numbers(in: store) == [1, 2, 3, 4, 5] + Array(35...41))
            #expect(try await store.verify() == [])
        }
    }

    @Test(arguments: StoreKind.all) func allChannelsTogetherStayWithinTheLimit(kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let limits = DeadLetterLimits(maximumCount: 10, maximumBytes: 1 << 20)
            let channels: [Delivery.Channel] = [.sns, .eventBridge, .schedule, .catchUp]
            for number in 0..<60 {
                try await deadLetter(
                    number, from: channels[number % 4], at: Timestamp(number), within: limits, in: store)
                let usage = try await store.deadLetterUsage()
                #expect(usage.total.count == min(number + 1, 10))
                #expect(usage.channels.allSatisfy { $0.load.count <= 5 })
            }
            #expect(try await store.deadLetterUsage().dropped == 50)
            #expect(try await store.verify() == [])
        }
    }

    @Test(arguments: StoreKind.all) func bytesAreLimitedWhateverTheirNumber(kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let limits = DeadLetterLimits(maximumCount: 1000, maximumBytes: 20_000)
            // Forty small ones, then large ones, each of which replaces many.
            for number in 0..<40 {
                try await deadLetter(number, of: "noise", bytes: 98, at: Timestamp(number), within: limits, in: store)
            }
            for number in 40..<46 {
                try await deadLetter(number, of: "noise", bytes: 2998, at: Timestamp(number), within: limits, in: store)
                #expect(try await store.deadLetterUsage().total.bytes <= 10_000)
            }
            #expect(try await numbers(in: store) == [43, 44, 45])
            // A dead letter larger than the limit is not kept.
            try await deadLetter(46, of: "noise", bytes: 30_000, at: 46, within: limits, in: store)
            #expect(try await numbers(in: store) == [])
            #expect(try await store.deadLetterUsage().total == DeadLetterLoad())
            #expect(try await store.verify() == [])
        }
    }

    @Test(arguments: StoreKind.all) func replayedDroppedAndExpiredDeadLettersAreNotCounted(kind: StoreKind) async throws
    {
        try await withStore(kind) { store in
            for number in 1...8 {
                try await deadLetter(
                    number, of: number < 4 ? "a" : "b", at: Timestamp(number), within: .standard, in: store)
            }
            #expect(try await store.requeueDeadLetters(ids: ["x:1", "x:1", "x:9"]) == 1)
            #expect(try await store.discardDeadLetters(ids: ["x:4", "x:5", "x:1"]) == 2)
            #expect(try await store.deadLetterUsage().total == DeadLetterLoad(count: 5, bytes: 50))
            let dropped = try await store.trimDeadLetters(to: .standard, failedBefore: 7)
            #expect(dropped.counts == [.age: 3])
            #expect(try await numbers(in: store) == [7, 8])
            let usage = try await store.deadLetterUsage()
            #expect(usage.total == DeadLetterLoad(count: 2, bytes: 20) && usage.dropped == 3)
            #expect(usage.oldestFailedAt == 7)
            #expect(try await store.trimDeadLetters(to: .standard, failedBefore: .earliest).isEmpty)
            #expect(try await store.verify() == [])
        }
    }

    /// Inserts many dead letters with one statement.
    private func fill(_ store: any TestedStore, _ kind: StoreKind, _ count: Int) async throws {
        let columns = "id, origin, source, topic, received_at, state, first_failed_at, last_failed_at, reason"
        let values = "'x:' || n, '\(accountRegions[0].stored)', 'sns', 'a', 0, 'dead', n, n, 'no'"
        switch kind {
        case .sqlite:
            try await store.run(
                """
                WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < \(count))
                INSERT INTO delivery (\(columns)) SELECT \(values) FROM many;
                INSERT INTO payload SELECT sequence, x'010203' FROM delivery;
                """)
        case .postgreSQL:
            try await store.run(
                """
                INSERT INTO delivery (\(columns), payload)
                SELECT \(values), '\\x010203'::bytea FROM generate_series(1, \(count)) AS many (n)
                """)
        }
        try await store.run(
            """
            INSERT INTO dead_letter_share VALUES ('sns', 'a', \(count), \(count * 5));
            INSERT INTO dead_letter_load VALUES ('sns', \(count), \(count * 5), 0)
            ON CONFLICT (source) DO UPDATE SET count = excluded.count, bytes = excluded.bytes
            """)
    }

    @Test(arguments: StoreKind.all) func aLowerLimitIsAppliedWithTheNextDeadLetterInBoundedSteps(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store in
            try await fill(store, kind, 3500)
            #expect(try await store.verify() == [])
            let before = (store as? SQLiteStore)?.commitCount
            _ = try await store.append(
                Delivery(
                    id: "x:0", accountRegion: accountRegions[0], channel: .sns, receivedAt: 0, payload: [1]))
            let leased = try #require(try await store.leaseBatch(1, now: 0).first)
            let dropped = try await store.deadLetter(
                leased.lease, reason: "no", now: 9999,
                within: DeadLetterLimits(maximumCount: 200, maximumBytes: 1 << 20))
            #expect(dropped.counts == [.count: 3401] && dropped.lastShare == "a")
            if let before, let store = store as? SQLiteStore { #expect(store.commitCount >= before + 6) }
            #expect(try await store.deadLetterUsage().total.count == 100)
            #expect(try await store.verify() == [])
        }
    }

    @Test(arguments: StoreKind.all) func wrongCountersAreReported(kind: StoreKind) async throws {
        try await withStore(kind) { store in
            try await deadLetter(1, of: "a", at: 1, within: .standard, in: store)
            try await store.run("UPDATE dead_letter_share SET count = 7; UPDATE dead_letter_load SET bytes = 3")
            let problems = try await store.verify()
            let topic = try Self.topic("a")
            #expect(problems.contains(#"The dead-letter counters of "sns \#(topic)" are wrong."#))
            #expect(problems.contains(#"The dead-letter counters of "sns" are wrong."#))
        }
    }

    @Test func maintenanceCorrectsCountersThatAnEarlierVersionLeftWrong() async throws {
        try await withStore(.postgreSQL) { store in
            for number in 1...3 {
                try await deadLetter(number, of: "a", at: Timestamp(number), within: .standard, in: store)
            }
            try await store.run("DELETE FROM dead_letter_share; UPDATE dead_letter_load SET count = 9, bytes = 0")
            #expect(try await store.verify() != [])
            #expect(try await store.trimDeadLetters(to: .standard, failedBefore: 0).isEmpty)
            #expect(try await store.verify() == [])
            #expect(try await store.deadLetterUsage().total == DeadLetterLoad(count: 3, bytes: 30))
        }
    }

    @Test func deadLettersOfAnOlderStoreAreCounted() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabasePool(path: folder.file)
        try Schema.migrator.migrate(old, upTo: MigrationStep.status)
        try await old.write { db in
            for number in 1...3 {
                try db.execute(
                    sql: """
                        INSERT INTO delivery (id, origin, source, received_at, state, first_failed_at, last_failed_at,
                            reason, bookmark, lease_number)
                        VALUES (?, ?, ?, 0, 'dead', 1, ?, 'é', 'page', 1)
                        """,
                    arguments: ["x:\(number)", accountRegions[0].stored, number == 3 ? "eventBridge" : "sns", number])
                try db.execute(sql: SQLiteQueueSQL.insertPayload, arguments: [number, Data("abc".utf8)])
            }
        }
        try old.close()
        let store = try await SQLiteStore(path: folder.file)
        try await withCleanup {
            let usage = try await store.deadLetterUsage()
            #expect(
                usage.loads == [
                    .sns: DeadLetterLoad(count: 2, bytes: 10), .eventBridge: DeadLetterLoad(count: 1, bytes: 5),
                ])
            #expect(try await store.verify() == [])
            let dropped = try await store.trimDeadLetters(
                to: DeadLetterLimits(maximumCount: 2, maximumBytes: 1000), failedBefore: .earliest)
            #expect(dropped.counts == [.count: 1])
            #expect(try await numbers(in: store) == [2, 3])
        } cleanup: {
            await store.close()
        }
    }

    @Test(.timeLimit(.minutes(15))) func replicasThatDeadLetterConcurrentlyKeepTheLimit() async throws {
        guard PostgreSQLCluster.isInstalled else { return }
        try await withDatabase { url in
            try await withStore(url) { one in
                try await withStore(url) { other in
                    let limits = DeadLetterLimits(maximumCount: 60, maximumBytes: 1 << 20)
                    let stores = [one, other]
                    for number in 0..<400 {
                        let topic = try Self.topic("topic-\(number % 3)")
                        _ = try await one.append(
                            Delivery(
                                id: "x:\(number)", accountRegion: accountRegions[number % 2],
                                channel: number % 5 == 0 ? .eventBridge : .sns,
                                topic: number % 5 == 0 ? nil : topic, receivedAt: 0, payload: [1, 2]))
                    }
                    try await withThrowingDiscardingTaskGroup { group in
                        for store in stores {
                            group.addTask {
                                while try await one.queueStatus().pending > 0 {
                                    // Until each replica owns a partition, one may acquire the other's.
                                    let batch = try await store.leaseBatch(20, now: 0)
                                    try await withThrowingDiscardingTaskGroup { group in
                                        for leased in batch {
                                            group.addTask {
                                                _ = try await store.deadLetter(
                                                    leased.lease, reason: "no", now: Timestamp(leased.lease.sequence),
                                                    within: limits)
                                            }
                                        }
                                    }
                                }
                            }
                            group.addTask {
                                for round in 0..<20 {
                                    let ids = (0..<20).map { "x:\(round * 20 + $0)" }
                                    _ = try await store.discardDeadLetters(ids: ids)
                                    _ = try await store.trimDeadLetters(to: limits, failedBefore: 10)
                                }
                            }
                        }
                    }
                    let usage = try await one.deadLetterUsage()
                    #expect(usage.total.count <= 60 && usage.channels.allSatisfy { $0.load.count <= 30 })
                    #expect(try await one.queueStatus().dead == usage.total.count)
                    #expect(try await one.verify() == [])
                }
            }
        }
    }
}

@Suite struct DeadLetterExcessTests {
    private let limits = DeadLetterLimits(maximumCount: 10, maximumBytes: 100)

    private struct Example {
        let loads: [Delivery.Channel: DeadLetterLoad]
        let excess: DeadLetterExcess?

        init(_ loads: [Delivery.Channel: [Int]], _ excess: DeadLetterExcess?) {
            self.loads = loads.mapValues { DeadLetterLoad(count: $0[0], bytes: $0[1]) }
            self.excess = excess
        }
    }

    private static let examples = [
        Example([.sns: [5, 50], .eventBridge: [5, 50]], nil),
        Example([.sns: [6, 10]], DeadLetterExcess(channels: [.sns], cause: .count, amount: 1)),
        Example([.sns: [1, 63]], DeadLetterExcess(channels: [.sns], cause: .bytes, amount: 13)),
        Example(
            [.sns: [5, 10], .eventBridge: [4, 10], .catchUp: [3, 10]],
            DeadLetterExcess(channels: [.sns], cause: .count, amount: 2)),
        Example(
            [.sns: [1, 10], .eventBridge: [1, 50], .schedule: [1, 45]],
            DeadLetterExcess(channels: [.eventBridge], cause: .bytes, amount: 5)),
        Example(
            [.schedule: [3, 10], .catchUp: [4, 10]],
            DeadLetterExcess(channels: [.schedule, .catchUp], cause: .count, amount: 2)),
    ]

    @Test(arguments: examples.indices) func theExcessOverTheLimitsIsFound(index: Int) {
        let example = Self.examples[index]
        #expect(DeadLetterUsage(loads: example.loads).excess(over: limits) == example.excess)
    }

    @Test func theUtilizationIsThatOfTheChannelNearestToItsHalf() {
        let usage = DeadLetterUsage(loads: [
            .sns: DeadLetterLoad(count: 4, bytes: 10), .eventBridge: DeadLetterLoad(count: 1, bytes: 45),
        ])
        let share = usage.utilization(of: limits)
        #expect(share.count == 0.8 && share.bytes == 0.9)
    }
}

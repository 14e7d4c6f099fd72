import AWSCore
import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite("History of findings") struct HistoryTests {
    private static let start = Timestamp(1_700_000_100_000)

    private func point(_ at: Timestamp, critical: Int = 0) -> HistoryPoint {
        HistoryPoint(
            at: at, open: [.critical: critical, .high: 1, .medium: 2, .low: 3, .informational: 4], unsent: 5,
            pending: 6, dead: 7)
    }

    @Test("A step has one point, the first that was added", arguments: StoreKind.all)
    func once(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            #expect(try await store.history(.day) == [])
            let start = HistoryPoint.Series.day.start(of: Self.start)
            try await store.record(point(start + .seconds(900), critical: 2), in: .day)
            try await store.record(point(start, critical: 1), in: .day)
            try await store.record(point(start, critical: 9), in: .day)
            #expect(
                try await store.history(.day) == [point(start, critical: 1), point(start + .seconds(900), critical: 2)])
            #expect(try await store.history(.month) == [])
        }
    }

    @Test("A series is bounded, and loses the points of a clock that was ahead", arguments: StoreKind.all)
    func bounded(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            for series in HistoryPoint.Series.allCases {
                let start = series.start(of: Self.start)
                try await store.record(point(start + series.length * 20), in: series)
                for number in 0..<(series.limit + 20) {
                    try await store.record(point(start + series.step * number), in: series)
                }
                let points = try await store.history(series)
                let last = start + series.step * (series.limit + 19)
                #expect(points.last?.at == last && points.first?.at == last - series.length)
                #expect(points.count == series.limit - 1)
                // A clock that is set back a little leaves the other points.
                try await store.record(point(last - series.step), in: series)
                #expect(try await store.history(series) == points)
            }
        }
    }

    @Test("The history survives a restart, and replicas share it")
    func shared() async throws {
        let start = HistoryPoint.Series.month.start(of: Self.start)
        let folder = try TemporaryFolder()
        let first = try await SQLiteStore(path: folder.file)
        try await first.record(point(start), in: .month)
        await first.close()
        let second = try await SQLiteStore(path: folder.file)
        #expect(try await second.history(.month) == [point(start)])
        await second.close()
    }

    @Test(
        "Two replicas that add points concurrently add one for each step",
        .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"))
    func replicas() async throws {
        try await withDatabase { url in
            try await withStore(url) { one async throws in
                try await withStore(url) { other async throws in
                    let start = HistoryPoint.Series.day.start(of: Self.start)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<20 {
                            for (store, critical) in [(one, 1), (other, 2)] {
                                let point = point(start + .seconds(900) * number, critical: critical)
                                group.addTask { try await store.record(point, in: .day) }
                            }
                        }
                        try await group.waitForAll()
                    }
                    let points = try await one.history(.day)
                    #expect(Set(points.map(\.at)).count == points.count && !points.isEmpty)
                    #expect(try await other.history(.day) == points)
                }
            }
        }
    }

    @Test(
        "The last delivery of each topic is kept, unless it was recorded while a clock was ahead",
        arguments: StoreKind.all)
    func topics(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let topics = ["a", "b"].map { ARN(service: "sns", accountRegion: accountRegions[0], resource: $0) }
            try await store.recordTopicDeliveries([topics[0]: 10, topics[1]: 20])
            try await store.recordTopicDeliveries([topics[0]: 9])
            try await store.recordTopicDeliveries([:])
            #expect(try await store.topicDeliveries() == [topics[0]: 10, topics[1]: 20])
            let ahead = Timestamp(30) + QueueTime.longestWait + .seconds(1)
            try await store.recordTopicDeliveries([topics[1]: ahead])
            try await store.recordTopicDeliveries([topics[1]: 30])
            #expect(try await store.topicDeliveries()[topics[1]] == 30)
            try await store.record(point(HistoryPoint.Series.day.start(of: Self.start)), in: .day)
            #expect(try await store.verify() == [])
            try await store.run("UPDATE topic_delivery SET topic = 'nowhere' WHERE received_at = 30")
            try await store.run("UPDATE finding_history SET high = -1")
            #expect(try await store.verify().count == 2)
        }
    }
}

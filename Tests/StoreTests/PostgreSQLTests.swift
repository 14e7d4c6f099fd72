import AWSCore
import Encoding
import EventLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Behavior of PostgreSQL only: lost connections, servers that hang or fail over.
@Suite(.enabled(if: StoreKind.all.contains(.postgreSQL), "install the package postgresql"), .timeLimit(.minutes(15)))
struct PostgreSQLTests {
    /// Ends all sessions of a database.
    private func endSessions(_ url: String) async throws {
        let cluster = try await PostgreSQLCluster.shared.get()
        try await cluster.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(databaseName(of: url))'")
    }

    @Test func connectionsAndTransactionsAreReported() async throws {
        try await withDatabase { url in
            let events = Mutex<[StoreEvent]>([])
            let store = try await PostgreSQLStore(address: PostgreSQLAddress(url: url)) { event in
                events.withLock { $0.append(event) }
            }
            func count(_ event: StoreEvent) -> Int { events.withLock { $0.count { $0 == event } } }
            func commits() -> [Int] {
                events.withLock { $0.compactMap { if case .committed(let writes, _) = $0 { writes } else { nil } } }
            }
            try await withCleanup {
                _ = try await store.append(delivery(1))
                let taken = try #require(try await store.leaseBatch(now: 0).first)
                let before = commits()
                #expect(before.allSatisfy { $0 == 1 } && before.count >= 2)
                try await store.complete(taken.lease, recording: [], now: 1)
                #expect(commits().count == before.count + 1)
                #expect(count(.connected(.append)) == 1 && count(.connected(.work)) >= 1)
                try await eventually("the listening connection") { count(.connected(.listen)) == 1 }
            } cleanup: {
                await store.close()
            }
            for pool in StoreEvent.Pool.allCases { #expect(count(.connected(pool)) == count(.disconnected(pool))) }
            #expect(count(.connectionFailed(.work)) == 0)
        }
    }

    @Test func requestsWaitingDuringALossOfConnectionsRunOnce() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let appended = Counter()
                try await withThrowingDiscardingTaskGroup { group in
                    for worker in 0..<20 {
                        group.addTask {
                            for number in 0..<50 {
                                _ = try await store.append(delivery(worker * 50 + number))
                                _ = appended.next()
                            }
                        }
                    }
                    group.addTask {
                        for _ in 0..<5 {
                            try await endSessions(url)
                            try await Task.sleep(for: .milliseconds(30))
                        }
                    }
                }
                #expect(appended.next() == 1001)
                #expect(try await store.queueStatus().pending == 1000)
                // A delivery that was committed when the connection broke is reported as a duplicate.
                let leased = try await store.leaseBatch(1000, now: 0)
                #expect(Set(leased.map(\.delivery.id)).count == 1000)
                try await withThrowingDiscardingTaskGroup { group in
                    for one in leased {
                        group.addTask { try await store.complete(one.lease, recording: [], now: 1) }
                    }
                    group.addTask { try await endSessions(url) }
                }
                #expect(try await store.queueStatus().completed == 1000)
            }
        }
    }

    @Test func aLeaseEndsOnceAlthoughTheStatementRunsTwice() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                for number in 1...4 { _ = try await store.append(delivery(number, at: Timestamp(number))) }
                let leased = try await store.leaseBatch(now: 9)
                let endings = [
                    LeaseUpdate(lease: leased[0].lease, kind: .completed, completedAt: 10),
                    LeaseUpdate(lease: leased[1].lease, kind: .pending, counts: false),
                    LeaseUpdate(lease: leased[2].lease, kind: .pending, readyAt: 50, failedAt: 10, reason: "later"),
                    LeaseUpdate(lease: leased[3].lease, kind: .dead, failedAt: 10, reason: "never"),
                ]
                let all = Set(endings.map(\.lease.sequence))
                for isRepeated in [false, true, false] {
                    let ended = try await store.work.use(within: .seconds(9), repeats: false) { connection, _ in
                        Set(try await QueueWrites.finish(endings, isRepeated: isRepeated, by: connection).keys)
                    }
                    #expect(ended == (isRepeated ? all : ended.isEmpty ? [] : all))
                }
                let again = try await store.leaseBatch(now: 60)
                #expect(again.map(\.attempt) == [1, 2])
                #expect(try await store.queueStatus().completed == 1)
                #expect(try await store.verify() == [])
            }
        }
    }

    @Test func aServerThatDoesNotRespondTimesOut() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        #expect(isListening)
        let port = UInt16(bigEndian: address.sin_port)
        let silent = "postgresql://bridge@127.0.0.1:\(port)/bridge?sslmode=disable&connect_timeout=2"
        let code = await failure { _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: silent)) }
        #expect(code == .unavailable)
        // Then the next host is tried.
        try await withDatabase { url in
            let cluster = try await PostgreSQLCluster.shared.get()
            let both =
                "postgresql://postgres@127.0.0.1:\(port),127.0.0.1:\(cluster.port)/\(databaseName(of: url))?connect_timeout=2"
            try await withStore(both) { try await $0.checkWritable() }
        }
    }

    @Test func aStatementThatHangsIsUnavailableInTimeAndTheStoreRecovers() async throws {
        try await withDatabase { url in
            try await withStore(url, timeout: .seconds(4)) { store in
                let cluster = try await PostgreSQLCluster.shared.get()
                let locking = Task {
                    try await cluster.run(
                        "BEGIN; LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(6); COMMIT",
                        in: databaseName(of: url))
                }
                try await eventually("the lock") {
                    try await cluster.run(
                        "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'delivery'::regclass",
                        in: databaseName(of: url)
                    ).isEmpty == false
                }
                #expect(await failure { _ = try await store.append(delivery(1)) } == .unavailable)
                _ = try await locking.value
                #expect(try await store.append(delivery(2)) == .stored)
            }
        }
    }

    @Test func aConnectionToAServerThatBecameReadOnlyIsReplaced() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                for _ in 0..<4 { try await store.run("SET default_transaction_read_only = on") }
                #expect(try await store.append(delivery(1)) == .stored)
                try await store.checkWritable()
                try await store.advanceCatchUpWatermark(of: accountRegions[0], to: 1)
                #expect(try await store.leaseBatch(now: 0).count == 1)
            }
            // A read-only server is not usable by this store.
            let cluster = try await PostgreSQLCluster.shared.get()
            try await cluster.run("ALTER DATABASE \(databaseName(of: url)) SET default_transaction_read_only = on")
            #expect(
                await failure { _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: url)) } == .unavailable)
        }
    }

    @Test(arguments: [
        ("postgresql://nobody_at_all@127.0.0.1:PORT/DATABASE", "nobody_at_all"),
        ("postgresql://postgres@127.0.0.1:PORT/no_database_at_all", "no_database_at_all"),
        ("postgresql://postgres:secret@127.0.0.1:1/DATABASE", "127.0.0.1"),
        ("postgresql://postgres:secret@127.0.0.1:PORT/DATABASE?sslmode=nonsense", "sslmode"),
        ("postgresql://postgres:secret@127.0.0.1:PORT/DATABASE?sslmode=require", "SSL"),
    ])
    func aConnectionErrorHasAReasonAndNoPassword(pattern: String, hint: String) async throws {
        try await withDatabase { url in
            let cluster = try await PostgreSQLCluster.shared.get()
            let url = pattern.replacing("PORT", with: "\(cluster.port)").replacing(
                "DATABASE", with: databaseName(of: url))
            do {
                let store = try await PostgreSQLStore(address: PostgreSQLAddress(url: url))
                await store.close()
                Issue.record("it connected")
            } catch let error as StoreError {
                #expect(error.code == .unavailable)
                #expect(error.message.contains(hint), "\(error)")
                #expect(!error.message.contains("secret") && !error.message.contains("\n"))
            }
        }
    }

    @Test func aClosedStoreRejectsEverything() async throws {
        try await withDatabase { url in
            let store = try await PostgreSQLStore(address: PostgreSQLAddress(url: url))
            async let appended = store.append(delivery(1))
            _ = try await appended
            async let first: Void = store.close()
            async let second: Void = store.close()
            _ = await (first, second)
            #expect(await failure { _ = try await store.append(delivery(2)) } == .closed)
            #expect(await failure { try await store.checkWritable() } == .closed)
            #expect(await failure { _ = try await store.queueStatus() } == .closed)
        }
    }

    @Test func appendsThatWaitShareAStatement() async throws {
        try await withDatabase { url in
            try await withStore(url) { store in
                let cluster = try await PostgreSQLCluster.shared.get()
                let locking = Task {
                    try await cluster.run(
                        "BEGIN; LOCK TABLE delivery IN EXCLUSIVE MODE; SELECT pg_sleep(0.5); COMMIT",
                        in: databaseName(of: url))
                }
                try await eventually("the lock") {
                    try await cluster.run(
                        "SELECT 1 FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = 'delivery'::regclass",
                        in: databaseName(of: url)
                    ).isEmpty == false
                }
                let stored = Counter()
                try await withThrowingDiscardingTaskGroup { group in
                    for number in 0..<500 {
                        group.addTask {
                            // Each id twice.
                            if try await store.append(delivery(number / 2)) == .stored { _ = stored.next() }
                        }
                    }
                }
                _ = try await locking.value
                #expect(stored.next() == 251)
                // One delayed by the lock, and those that arrived meanwhile.
                let count = try await cluster.run(
                    "SELECT count(DISTINCT xmin::text) FROM delivery", in: databaseName(of: url))
                #expect(["1", "2"].contains(count.first))
            }
        }
    }
}

/// The name of the database of a URL.
func databaseName(of url: String) -> String {
    String(url.split(separator: "/").last?.prefix { $0 != "?" } ?? "")
}

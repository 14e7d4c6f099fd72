import AWSCore
import Encoding
import FoundationEssentials
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

extension TemporaryFolder {
    /// The path of the store's file.
    var file: String { path("store.db") }
}

/// Counts from 1.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int { count.add(1, ordering: .sequentiallyConsistent).newValue }
}

/// The kinds of stores, which must all behave the same.
enum StoreKind: CaseIterable {
    case sqlite, postgreSQL

    /// The kinds that are available on this machine.
    static let all = allCases.filter { $0 != .postgreSQL || PostgreSQLCluster.isInstalled }
}

/// A store of any kind, with members for tests.
protocol TestedStore: Store {
    var signal: WorkSignal { get }
    /// Runs SQL outside a transaction.
    func run(_ sql: String) async throws
}

extension SQLiteStore: TestedStore {
    func run(_ sql: String) async throws {
        try await pool.writeWithoutTransaction { try $0.execute(sql: sql) }
    }
}

extension PostgreSQLStore: TestedStore {
    func run(_ sql: String) async throws {
        try await work.use(within: .seconds(30), repeats: false) { connection, _ in try await connection.runOnce(sql) }
    }
}

/// Runs a test with an open store of a kind, and closes it.
func withStore(_ kind: StoreKind, _ body: (any TestedStore) async throws -> Void) async throws {
    switch kind {
    case .sqlite: try await withStore(body)
    case .postgreSQL: try await withDatabase { url in try await withStore(url, body) }
    }
}

/// Runs a test with the URL of a PostgreSQL database of its own.
func withDatabase(_ body: (_ url: String) async throws -> Void) async throws {
    let cluster = try await PostgreSQLCluster.shared.get()
    let database = try await cluster.makeDatabase()
    try await withCleanup {
        try await body(cluster.url(database))
    } cleanup: {
        try await cluster.dropDatabase(database)
    }
}

/// Runs a test with an open store in a PostgreSQL database, and closes it.
///
/// - Parameter timeout: long enough for slow machines, except in tests that wait for its end.
func withStore(
    _ url: String, lifetime: Duration = .seconds(10), timeout: Duration = .seconds(60),
    _ body: (PostgreSQLStore) async throws -> Void
) async throws {
    let store = try await PostgreSQLStore(
        address: PostgreSQLAddress(url: url), lifetime: lifetime, timeout: timeout)
    try await withCleanup {
        try await body(store)
    } cleanup: {
        await store.close()
    }
}

/// Runs a test with an open SQLite store, and closes it.
func withStore(_ body: (SQLiteStore) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let store = try await SQLiteStore(path: folder.file)
    try await withCleanup {
        try await body(store)
    } cleanup: {
        await store.close()
    }
}

/// The code of the error that the body throws; nil if it throws none.
func failure(_ body: () async throws -> Void) async -> StoreError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}

let accountRegions: [AccountRegion] = ["us-east-1", "eu-west-1", "ap-south-1"].compactMap { name in
    guard let account = AccountID("111122223333"), let region = Region(name) else { return nil }
    return AccountRegion(account: account, region: region)
}

/// The three account-Regions of one account, and one of another.
let manyAccountRegions =
    accountRegions
    + [("444455556666", "us-east-1")].compactMap { digits, name in
        guard let account = AccountID(digits), let region = Region(name) else { return nil }
        return AccountRegion(account: account, region: region)
    }

func delivery(
    _ number: Int, of accountRegion: AccountRegion = accountRegions[0], source: String? = nil,
    from channel: Delivery.Channel = .sns, at receivedAt: Timestamp = 0,
    payload: [UInt8] = [1, 2, 3]
) -> Delivery {
    Delivery(
        id: "sns:\(number)", accountRegion: accountRegion, source: source, channel: channel, receivedAt: receivedAt,
        payload: payload)
}

func entry(
    _ id: String, of accountRegion: AccountRegion = accountRegions[0], kind: LedgerEntry.Kind = .audit,
    group: String = "CHECK",
    subject: String = "SUBJECT", updatedAt: Timestamp = 2, eventTime: Timestamp = 3,
    condition: LedgerEntry.Condition = .present, recordState: LedgerEntry.RecordState = .active,
    severity: LedgerEntry.Severity? = .high, finding: [UInt8] = [7, 0, 8], isSent: Bool = true,
    digest: [UInt8]? = nil, report: SourceReport? = nil
) -> LedgerEntry {
    LedgerEntry(
        id: id, accountRegion: accountRegion, kind: kind, group: group, subject: subject, createdAt: 1,
        updatedAt: updatedAt,
        eventTime: eventTime, firstObservedAt: 4, lastObservedAt: 5, condition: condition, recordState: recordState,
        severity: severity, finding: finding, digest: digest, report: report, isSent: isSent)
}

func disposition(
    _ subject: String, of accountRegion: AccountRegion = accountRegions[0], time: Timestamp = 1,
    dueAt: Timestamp? = nil,
    keepUntil: Timestamp? = nil,
    content: [UInt8] = [1, 0, 2]
) -> Disposition {
    Disposition(
        subject: subject, accountRegion: accountRegion, time: time, dueAt: dueAt, keepUntil: keepUntil, content: content
    )
}

extension Store {
    /// Completes a delivery, after recording findings under its lease.
    func complete(_ lease: Lease, recording entries: [LedgerEntry], now: Timestamp) async throws(StoreError) {
        if !entries.isEmpty { try await record(LedgerUpdate(entries: entries), under: lease) }
        guard try await complete([lease], now: now) == [true] else { throw .leaseLost(lease) }
    }

    /// Schedules one retry.
    func retry(
        _ lease: Lease, at readyAt: Timestamp, reason: String, isCounted: Bool = true, now: Timestamp
    ) async throws(StoreError) {
        let retry = ScheduledRetry(lease, at: readyAt, reason: reason, isCounted: isCounted)
        guard try await self.retry([retry], now: now) == [true] else { throw .leaseLost(lease) }
    }

    /// Dead-letters one delivery.
    @discardableResult
    func deadLetter(
        _ lease: Lease, reason: String, now: Timestamp, within limits: DeadLetterLimits = .standard
    ) async throws(StoreError) -> DroppedDeadLetters {
        let result = try await deadLetter([PermanentFailure(lease, reason: reason)], now: now, within: limits)
        guard result.held == [true] else { throw .leaseLost(lease) }
        return result.dropped
    }

    /// Extends one lease.
    func extend(_ lease: Lease, for duration: Duration, now: Timestamp) async throws(StoreError) -> Lease {
        guard let extended = try await extend([lease], for: duration, now: now).first, let extended else {
            throw .leaseLost(lease)
        }
        return extended
    }

    /// Leases for ten seconds.
    func leaseBatch(_ limit: Int = 100, now: Timestamp, owner: String = "worker") async throws -> [LeasedDelivery] {
        try await lease(limit: limit, for: .seconds(10), owner: owner, now: now).deliveries
    }

    /// Appends one delivery and leases it.
    func leaseNew(_ number: Int, now: Timestamp = 0) async throws -> LeasedDelivery {
        _ = try await append(delivery(number, at: now))
        return try #require(try await leaseBatch(now: now).first)
    }
}

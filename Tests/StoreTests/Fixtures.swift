import AWSCore
import FoundationEssentials
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Store

extension TemporaryFolder {
    /// The path of the store's file.
    var file: String { path("store.db") }
}

/// Counts from 1, for whoever asks.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int { count.add(1, ordering: .sequentiallyConsistent).newValue }
}

/// Runs a test with an open store, and closes it.
func withStore(_ body: (SQLiteStore) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let store = try await SQLiteStore(path: folder.file)
    try await perform {
        try await body(store)
    } finally: {
        await store.close()
    }
}

/// The error's code that the body throws; nil when it throws none.
func failure(_ body: () async throws -> Void) async -> StoreError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}

let origins: [Origin] = ["us-east-1", "eu-west-1", "ap-south-1"].compactMap { name in
    guard let account = AccountID("111122223333"), let region = Region(name) else { return nil }
    return Origin(account: account, region: region)
}

func delivery(
    _ number: Int, of origin: Origin = origins[0], at receivedAt: Int64 = 0, payload: [UInt8] = [1, 2, 3]
) -> Delivery {
    Delivery(id: "sns:\(number)", origin: origin, source: .sns, receivedAt: receivedAt, payload: payload)
}

func entry(
    _ id: String, of origin: Origin = origins[0], kind: LedgerEntry.Kind = .audit, group: String = "CHECK",
    updatedAt: Int64 = 2, recordState: LedgerEntry.RecordState = .active, finding: [UInt8] = [7, 0, 8]
) -> LedgerEntry {
    LedgerEntry(
        id: id, origin: origin, kind: kind, group: group, createdAt: 1, updatedAt: updatedAt, eventTime: 3,
        firstObservedAt: 4, lastObservedAt: 5, recordState: recordState, finding: finding)
}

extension SQLiteStore {
    /// Leases for ten seconds.
    func take(_ limit: Int = 100, now: Int64, owner: String = "worker") async throws -> [LeasedDelivery] {
        try await lease(limit: limit, for: .seconds(10), owner: owner, now: now).deliveries
    }

    /// Appends one delivery and leases it.
    func takeNew(_ number: Int, now: Int64 = 0) async throws -> LeasedDelivery {
        _ = try await append(delivery(number, at: now))
        return try #require(try await take(now: now).first)
    }

    /// Runs SQL on the writing connection, outside a transaction.
    func run(_ sql: String) async throws {
        try await pool.writeWithoutTransaction { try $0.execute(sql: sql) }
    }
}

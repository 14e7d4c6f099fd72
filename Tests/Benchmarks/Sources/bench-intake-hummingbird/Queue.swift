import Foundation
import GRDB
import Synchronization

/// Deliveries in a SQLite file with group commit: deliveries that arrive during a transaction share the next one.
final class Queue: Sendable {
    private struct Write: Sendable {
        let id: String
        let payload: String
        let done: CheckedContinuation<Bool, any Error>
    }

    private struct State {
        var waiting: [Write] = []
        var isRunning = false
    }

    private let pool: DatabasePool
    private let state = Mutex(State())

    init(path: String) throws {
        pool = try DatabasePool(path: path)
        try pool.writeWithoutTransaction { database in
            // After WAL, because GRDB sets NORMAL when it enables WAL.
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(
                sql: """
                    CREATE TABLE delivery (
                        sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, received_at INTEGER NOT NULL,
                        state TEXT NOT NULL, payload BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX delivery_ready ON delivery (received_at, sequence) WHERE state = 'pending';
                    """)
        }
    }

    /// Stores a delivery and returns after the commit; false if its id is known.
    func append(id: String, payload: String) async throws -> Bool {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = state.withLock { state in
                state.waiting.append(Write(id: id, payload: payload, done: continuation))
                defer { state.isRunning = true }
                return !state.isRunning
            }
            if isFirst { writeNext() }
        }
    }

    private func writeNext() {
        pool.asyncWriteWithoutTransaction { database in
            let batch = self.state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            self.write(batch, to: database)
            let goesOn = self.state.withLock { state in
                state.isRunning = !state.waiting.isEmpty
                return state.isRunning
            }
            if goesOn { self.writeNext() }
        }
    }

    private func write(_ batch: [Write], to database: Database) {
        do {
            var results: [Bool] = []
            try database.inTransaction(.immediate) {
                let now = Int64(Date().timeIntervalSince1970 * 1000)
                let insert = try database.cachedStatement(
                    sql: """
                        INSERT INTO delivery (id, received_at, state, payload) VALUES (?, ?, 'pending', ?)
                        ON CONFLICT (id) DO NOTHING
                        """)
                for write in batch {
                    try insert.execute(arguments: [write.id, now, Data(write.payload.utf8)])
                    results.append(database.changesCount == 1)
                }
                return .commit
            }
            for (write, isNew) in zip(batch, results) { write.done.resume(returning: isNew) }
        } catch {
            for write in batch { write.done.resume(throwing: error) }
        }
    }
}

import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Returns the recorded state of the clock.
    package func clockMark() async throws(StoreError) -> ClockMark? {
        try await read { db in
            try db.row(ClockSQL.read).map { try ClockMark($0) }
        }
    }

    /// Records the state of the clock.
    package func record(_ mark: ClockMark) async throws(StoreError) {
        try await committer.write { db in
            try db.run(
                ClockSQL.write,
                [
                    mark.newest.milliseconds, mark.isConfirmed, mark.heldUntil.milliseconds,
                    mark.outageEndedAt.milliseconds,
                ])
            return .success(())
        }
    }
}

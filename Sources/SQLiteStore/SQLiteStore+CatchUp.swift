package import AWSCore
package import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Lists the catch-up watermarks.
    package func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await read { db in
            let rows = try db.rows(CatchUpSQL.list)
            var watermarks: [AccountRegion: Timestamp] = [:]
            for row in rows { watermarks[try row.accountRegion("origin")] = try row.timestamp("watermark") }
            return watermarks
        }
    }

    /// Advances the watermark of an account-Region.
    package func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await committer.write { db in
            try db.run(CatchUpSQL.advance, [accountRegion.stored, time.milliseconds])
            return .success(())
        }
    }

    /// Moves the watermark of an account-Region back if it is later.
    package func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await committer.write { db in
            try db.run(CatchUpSQL.reset, [accountRegion.stored, time.milliseconds])
            return .success(())
        }
    }
}

package import AWSCore
package import Encoding
package import Store

extension PostgreSQLStore {
    /// Lists the catch-up watermarks.
    package func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await read(CatchUpSQL.list) { rows in
            Dictionary(try rows.rows.map { (try $0.accountRegion("origin"), try $0.timestamp("watermark")) }) {
                first, _ in first
            }
        }
    }

    /// Advances the watermark of an account-Region.
    package func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await write(CatchUpSQL.advance, [.text(accountRegion.stored), .time(time)])
    }

    /// Moves the watermark of an account-Region back if it is later.
    package func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await write(CatchUpSQL.reset, [.text(accountRegion.stored), .time(time)])
    }
}

public import AWSCore
public import Store

extension PostgreSQLStore {
    /// Lists the catch-up watermarks.
    public func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Int64] {
        try await read(CatchUpSQL.list) { rows in
            Dictionary(try rows.rows.map { (try $0.accountRegion("origin"), try $0.integer("watermark")) }) {
                first, _ in first
            }
        }
    }

    /// Advances the watermark of an account-Region.
    public func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Int64) async throws(StoreError) {
        try await write(CatchUpSQL.advance, [.text(accountRegion.stored), .integer(time)])
    }

    /// Moves the watermark of an account-Region back if it is later.
    public func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Int64) async throws(StoreError) {
        try await write(CatchUpSQL.reset, [.text(accountRegion.stored), .integer(time)])
    }
}

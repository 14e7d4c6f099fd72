public import AWSCore
public import Store

extension PostgreSQLStore {
    private static let advance = """
        INSERT INTO catch_up (origin, watermark) VALUES ($1, $2)
        ON CONFLICT (origin) DO UPDATE SET watermark = greatest(catch_up.watermark, excluded.watermark)
        """

    /// Lists the catch-up watermarks.
    public func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Int64] {
        try await read(CatchUpSQL.list) { rows in
            Dictionary(try rows.rows.map { (try $0.accountRegion(0), try $0.integer(1)) }) { first, _ in first }
        }
    }

    /// Advances the watermark of an account-Region.
    public func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Int64) async throws(StoreError) {
        try await write(Self.advance, [.text(accountRegion.stored), .integer(time)])
    }

    /// Moves the watermark of an account-Region back if it is later.
    public func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Int64) async throws(StoreError) {
        try await write(CatchUpSQL.reset.numbered, [.text(accountRegion.stored), .integer(time)])
    }
}

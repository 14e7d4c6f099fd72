/// The statements about catch-up watermarks.
package enum CatchUpSQL {
    /// The watermarks.
    package static let list = SQLStatement("SELECT origin, watermark FROM catch_up")

    /// Advances a watermark.
    package static let advance = SQLStatement(
        sqlite: """
            INSERT INTO catch_up (origin, watermark) VALUES (?1, ?2)
            ON CONFLICT (origin) DO UPDATE SET watermark = max(catch_up.watermark, excluded.watermark)
            """,
        postgreSQL: """
            INSERT INTO catch_up (origin, watermark) VALUES ($1, $2)
            ON CONFLICT (origin) DO UPDATE SET watermark = greatest(catch_up.watermark, excluded.watermark)
            """)

    /// Moves a watermark back.
    package static let reset = SQLStatement(
        sqlite: "UPDATE catch_up SET watermark = ?2 WHERE origin = ?1 AND watermark > ?2",
        postgreSQL: "UPDATE catch_up SET watermark = $2 WHERE origin = $1 AND watermark > $2")
}

/// The statements about catch-up watermarks.
package enum CatchUpSQL {
    package static let list = "SELECT origin, watermark FROM catch_up"

    package static let advance = """
        INSERT INTO catch_up (origin, watermark) VALUES (?, ?)
        ON CONFLICT (origin) DO UPDATE SET watermark = max(watermark, excluded.watermark)
        """

    package static let reset = "UPDATE catch_up SET watermark = ?2 WHERE origin = ?1 AND watermark > ?2"
}

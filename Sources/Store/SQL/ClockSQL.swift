/// The statements about the clock.
package enum ClockSQL {
    package static let columns = "newest, is_confirmed, held_until"

    package static let read = "SELECT \(columns) FROM clock_mark WHERE id = 1"

    package static let write = """
        INSERT INTO clock_mark (id, \(columns)) VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET
            newest = excluded.newest, is_confirmed = excluded.is_confirmed, held_until = excluded.held_until
        """
}

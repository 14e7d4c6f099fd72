/// The statements about the clock.
package enum ClockSQL {
    /// The columns, except the constant id.
    package static let columns = "newest, is_confirmed, held_until, outage_ended_at"

    /// The state of the clock.
    package static let read = SQLStatement("SELECT \(columns) FROM clock_mark WHERE id = 1")

    /// Replaces the state of the clock.
    package static let write = SQLStatement(
        """
        INSERT INTO clock_mark (id, \(columns)) VALUES (1, :newest, :is_confirmed, :held_until, :outage_ended_at)
        ON CONFLICT (id) DO UPDATE SET
            newest = excluded.newest, is_confirmed = excluded.is_confirmed, held_until = excluded.held_until,
            outage_ended_at = excluded.outage_ended_at
        """)
}

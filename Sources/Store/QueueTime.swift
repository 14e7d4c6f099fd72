import AWSCore

/// The rule that no delivery waits for longer than retries do.
///
/// A time that is further away was written before a clock was set back, this machine's or another's. Such a delivery is
/// ready now, and such a lease ends as if it began now: its holder, if it lives, extends it.
public enum QueueTime {
    /// The longest time between two attempts, in milliseconds.
    public static let longestWait: Int64 = 300_000

    /// The latest time that may be waited for.
    static func latest(after now: Int64) -> Int64 { now.saturatingAdding(longestWait) }

    /// The time from which an origin has something ready.
    ///
    /// - Parameters:
    ///   - first: the first time that the store has of it.
    ///   - last: the last one.
    static func ready(_ first: Int64, last: Int64, now: Int64) -> Int64 {
        last > latest(after: now) ? min(first, now) : first
    }

    /// Brings times of one origin that are too far away within the rule: ?1 is the origin, ?2 the present time, ?3 when a
    /// lease ends that begins now, ?4 the latest time that may be waited for.
    static let clampTimes = """
        UPDATE delivery SET ready_at = CASE state WHEN 'leased' THEN ?3 ELSE ?2 END
        WHERE origin = ?1 AND ready_at IS NOT NULL AND ready_at > ?4 AND (state <> 'leased' OR ready_at > ?3)
        """
}

package import Encoding

/// The recorded state of the clock, by which a clock step is detected even after a restart.
package struct ClockMark: Sendable, Hashable {
    /// The latest time that was used in a write.
    package var newest: Timestamp
    /// Whether AWS's clock agreed with it.
    package var isConfirmed: Bool
    /// Until when deletion by age is suspended.
    package var heldUntil: Timestamp
    /// When the last outage ended in which no report of a mapped source could be accepted.
    package var outageEndedAt: Timestamp

    /// Creates a value.
    package init(
        newest: Timestamp, isConfirmed: Bool, heldUntil: Timestamp, outageEndedAt: Timestamp = .earliest
    ) {
        self.newest = newest
        self.isConfirmed = isConfirmed
        self.heldUntil = heldUntil
        self.outageEndedAt = outageEndedAt
    }
}

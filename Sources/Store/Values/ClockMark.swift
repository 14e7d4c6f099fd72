public import Encoding

/// The recorded state of the clock, by which a clock step is detected even after a restart.
public struct ClockMark: Sendable, Hashable {
    /// The latest time that was used in a write.
    public var newest: Timestamp
    /// Whether AWS's clock agreed with it.
    public var isConfirmed: Bool
    /// Until when deletion by age is suspended.
    public var heldUntil: Timestamp

    /// Creates a value.
    public init(newest: Timestamp, isConfirmed: Bool, heldUntil: Timestamp) {
        self.newest = newest
        self.isConfirmed = isConfirmed
        self.heldUntil = heldUntil
    }
}

/// The recorded state of the clock, by which a clock step is detected even after a restart. All times are milliseconds
/// since 1970.
public struct ClockMark: Sendable, Hashable {
    /// The latest time that was used in a write.
    public var newest: Int64
    /// Whether AWS's clock agreed with it.
    public var isConfirmed: Bool
    /// Until when deletion by age is suspended.
    public var heldUntil: Int64

    /// Creates a value.
    public init(newest: Int64, isConfirmed: Bool, heldUntil: Int64) {
        self.newest = newest
        self.isConfirmed = isConfirmed
        self.heldUntil = heldUntil
    }
}

/// What a store keeps about the clock of those that serve from it, so that a clock that jumped is noticed after a restart,
/// too. All times are milliseconds since 1970.
public struct ClockMark: Sendable, Hashable {
    /// The newest time by which something was written.
    public var newest: Int64
    /// Whether AWS's clock agreed then.
    public var isConfirmed: Bool
    /// Until when nothing is deleted because of its age.
    public var heldUntil: Int64

    /// Puts the parts together.
    public init(newest: Int64, isConfirmed: Bool, heldUntil: Int64) {
        self.newest = newest
        self.isConfirmed = isConfirmed
        self.heldUntil = heldUntil
    }
}

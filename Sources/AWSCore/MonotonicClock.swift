/// The time since a fixed moment of this machine's run, for intervals: no setting of the clock changes it, and it goes
/// on while the machine is suspended.
public enum MonotonicClock {
    private static let start = ContinuousClock.now

    /// Milliseconds since the first use in this process.
    public static func milliseconds() -> Int64 { (ContinuousClock.now - start).milliseconds }
}

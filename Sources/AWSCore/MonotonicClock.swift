/// A monotonic clock for intervals: not affected by changes of the system clock, and running while the machine is
/// suspended.
public enum MonotonicClock {
    private static let start = ContinuousClock.now

    /// Milliseconds since the first use in this process.
    public static func milliseconds() -> Int64 { (ContinuousClock.now - start).milliseconds }
}

import Glibc

/// The system's clock. Its time can jump when the system's clock is set; measure intervals with ``MonotonicClock``.
///
/// This is the only place that reads it. Everything else is handed a clock.
public enum WallClock {
    /// Milliseconds since 1970.
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec).saturatingMultiplied(by: 1000).saturatingAdding(Int64(time.tv_nsec) / 1_000_000)
    }

    /// The present time.
    public static func now() -> Timestamp { Timestamp(milliseconds: milliseconds()) }
}

/// A monotonic clock for intervals: not affected by changes of the system clock, and running while the machine is
/// suspended.
public enum MonotonicClock {
    private static let start = ContinuousClock.now

    /// The time since the first use in this process.
    public static func elapsed() -> Duration {
        // Read first: on first use, the present would otherwise be before the start.
        let start = start
        return ContinuousClock.now - start
    }

    /// Milliseconds since the first use in this process.
    public static func milliseconds() -> Int64 { elapsed().milliseconds }
}

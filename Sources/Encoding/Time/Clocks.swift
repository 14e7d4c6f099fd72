import Glibc

/// The system's clock. Its time can jump when the system's clock is set; measure intervals with ``MonotonicClock``.
///
/// This is the only place that reads it. Everything else is handed a clock.
public enum WallClock {
    /// The present time.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(
            milliseconds: Int64(time.tv_sec).saturatingMultiplied(by: 1000)
                .saturatingAdding(Int64(time.tv_nsec) / 1_000_000))
    }
}

/// A monotonic clock for intervals: not affected by changes of the system clock, and running while the machine is
/// suspended. Its times are durations, so that the compiler rejects comparing them with a ``Timestamp``.
public enum MonotonicClock {
    private static let start = ContinuousClock.now

    /// The time since the first use in this process.
    public static func elapsed() -> Duration {
        // Read first: on first use, the present would otherwise be before the start.
        let start = start
        return ContinuousClock.now - start
    }
}

import Glibc

/// Compares what two pieces of work cost this thread, in processor time: unlike time on a clock, it does not depend on
/// what else the machine does.
public enum CPUTime {
    /// By how much the second piece of work costs more than the first: the least of several runs of each.
    public static func ratio(runs: Int = 5, of small: () -> Void, to large: () -> Void) -> Double {
        var (least, most) = (Double.infinity, Double.infinity)
        for _ in 0..<runs {
            least = min(least, time(small))
            most = min(most, time(large))
        }
        return most / least
    }

    /// In nanoseconds.
    private static func time(_ work: () -> Void) -> Double {
        let start = now()
        work()
        return now() - start
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}

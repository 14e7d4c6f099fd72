import Glibc

/// Compares the CPU time of code on this thread. Unlike elapsed time, it does not depend on other load of the machine.
public enum CPUTime {
    /// The CPU time of the second body divided by that of the first; the minimum of several runs of each.
    public static func ratio(runs: Int = 5, of small: () -> Void, to large: () -> Void) -> Double {
        var (least, most) = (Double.infinity, Double.infinity)
        for _ in 0..<runs {
            least = min(least, time(small))
            most = min(most, time(large))
        }
        return most / least
    }

    /// The CPU time of a body in nanoseconds.
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

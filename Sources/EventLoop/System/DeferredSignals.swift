import Glibc
import Synchronization

/// Defers signals that arrive before their watcher exists, so that they neither get lost nor end the process.
public enum DeferredSignals {
    /// The deferred signals.
    private static let numbers = [SIGTERM, SIGINT, SIGHUP]

    /// Starts deferring SIGTERM, SIGINT and SIGHUP. Call it as the first statement of a program.
    public static func hold() {
        // Initialized here, because the signal handler must not do it.
        received.store(0, ordering: .relaxed)
        for number in numbers {
            signal(number) { received.bitwiseOr(1 << UInt64($0), ordering: .relaxed) }
        }
    }

    /// Restores the default actions, and raises the signals that arrived.
    public static func release() {
        for number in numbers {
            signal(number, SIG_DFL)
            if take(number) { kill(getpid(), number) }
        }
    }

    /// Whether a deferred signal is pending.
    static func isPending(_ number: CInt) -> Bool { received.load(ordering: .relaxed) & 1 << UInt64(number) != 0 }

    /// Clears a pending signal and returns whether it was pending. Call it after installing the watcher.
    static func take(_ number: CInt) -> Bool {
        let bit: UInt64 = 1 << UInt64(number)
        return received.bitwiseAnd(~bit, ordering: .relaxed).oldValue & bit != 0
    }
}

/// A bit set of the pending signals.
private let received = Atomic<UInt64>(0)

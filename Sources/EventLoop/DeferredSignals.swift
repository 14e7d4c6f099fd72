import Glibc
import Synchronization

/// Signals that come before anything watches for them: they are remembered, and do not end the process.
public enum DeferredSignals {
    /// Those that are held.
    private static let numbers = [SIGTERM, SIGINT, SIGHUP]

    /// Starts to hold SIGTERM, SIGINT and SIGHUP. To be called by the first statement of a program.
    public static func hold() {
        // Made here: the handler may only change it.
        received.store(0, ordering: .relaxed)
        for number in numbers {
            signal(number) { received.bitwiseOr(1 << UInt64($0), ordering: .relaxed) }
        }
    }

    /// Has them do again what they do by default, which those that came do now.
    public static func release() {
        for number in numbers {
            signal(number, SIG_DFL)
            if take(number) { kill(getpid(), number) }
        }
    }

    /// Whether a signal has come while it was held, and was not taken.
    static func isPending(_ number: CInt) -> Bool { received.load(ordering: .relaxed) & 1 << UInt64(number) != 0 }

    /// Whether a signal has come while it was held; no longer when asked again. To be called once it is watched for.
    static func take(_ number: CInt) -> Bool {
        let bit: UInt64 = 1 << UInt64(number)
        return received.bitwiseAnd(~bit, ordering: .relaxed).oldValue & bit != 0
    }
}

/// The held signals that have come, by bits.
private let received = Atomic<UInt64>(0)

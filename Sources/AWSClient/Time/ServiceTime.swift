import Encoding
import Synchronization

/// AWS's time, learned from the `Date` field of its responses, independent of this machine's clock.
///
/// Between responses it advances with the monotonic clock.
public final class ServiceTime: Sendable {
    private struct Reading {
        /// Milliseconds since 1970, by AWS's clock.
        let time: Int64
        /// When it was read, in milliseconds of ``AWSClock/elapsed``.
        let at: Int64
    }

    /// How long a reading stays valid, in milliseconds: a timer drifts by a few seconds a day at most.
    private static let lifetime: Int64 = 86_400_000
    /// The minimum age of a reading before it is replaced, in milliseconds: `Date` has whole seconds.
    private static let pause: Int64 = 1000

    private let reading = Mutex<Reading?>(nil)

    /// Starts without a reading.
    init() {}

    /// Records the `Date` of a response.
    func record(_ date: String, elapsed: Duration) {
        let elapsed = elapsed.milliseconds
        let isFresh = reading.withLock { reading in
            reading.map { (0..<Self.pause).contains(elapsed.saturatingSubtracting($0.at)) } ?? false
        }
        guard !isFresh, let time = Timestamp(httpDate: date)?.milliseconds else { return }
        reading.withLock { $0 = Reading(time: time, at: elapsed) }
    }

    /// AWS's time in milliseconds since 1970; nil without a reading from the last day.
    func now(elapsed: Duration) -> Int64? {
        let elapsed = elapsed.milliseconds
        return reading.withLock { reading in
            guard let reading, elapsed.saturatingSubtracting(reading.at) <= Self.lifetime else { return nil }
            return reading.time.saturatingAdding(elapsed.saturatingSubtracting(reading.at))
        }
    }
}

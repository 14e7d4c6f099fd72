import Encoding
import Synchronization

/// AWS's time, learned from the `Date` field of its responses, independent of this machine's clock.
///
/// Between responses it advances with the monotonic clock.
package final class ServiceTime: Sendable {
    private struct Reading {
        /// By AWS's clock.
        let time: Timestamp
        /// When it was read, by ``AWSClock/elapsed``.
        let at: Duration
    }

    /// How long a reading stays valid: a timer drifts by a few seconds a day at most.
    private static let lifetime = Duration.seconds(86_400)
    /// The minimum age of a reading before it is replaced: `Date` has whole seconds.
    private static let pause = Duration.seconds(1)

    private let reading = Mutex<Reading?>(nil)

    /// Starts without a reading.
    init() {}

    /// Records the `Date` of a response.
    func record(_ date: String, elapsed: Duration) {
        let isFresh = reading.withLock { reading in
            reading.map { (.zero..<Self.pause).contains(elapsed - $0.at) } ?? false
        }
        guard !isFresh, let time = Timestamp(httpDate: date) else { return }
        reading.withLock { $0 = Reading(time: time, at: elapsed) }
    }

    /// AWS's time; nil without a reading from the last day.
    func now(elapsed: Duration) -> Timestamp? {
        reading.withLock { reading in
            guard let reading, elapsed - reading.at <= Self.lifetime else { return nil }
            return reading.time + (elapsed - reading.at)
        }
    }
}

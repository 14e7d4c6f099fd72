import AWSCore
import Synchronization

/// AWS's time, as the `Date` of its responses tells it; known whatever this machine's clock says.
///
/// Between two responses it goes on by the time that no setting of the clock changes.
public final class ServiceTime: Sendable {
    private struct Reading {
        /// Milliseconds since 1970, by AWS's clock.
        let time: Int64
        /// When it was read, in milliseconds of ``AWSClock/elapsed``.
        let at: Int64
    }

    /// How old a reading may be, in milliseconds: no machine's timer drifts by more than some seconds in a day.
    private static let lifetime: Int64 = 86_400_000
    /// How old a reading is before the next one takes its place, in milliseconds: `Date` has whole seconds.
    private static let pause: Int64 = 1000

    private let reading = Mutex<Reading?>(nil)

    /// Nothing is known yet.
    init() {}

    /// Takes the `Date` of a response.
    func record(_ date: String, elapsed: Duration) {
        let elapsed = elapsed.milliseconds
        let isFresh = reading.withLock { reading in
            reading.map { (0..<Self.pause).contains(elapsed.saturatingSubtracting($0.at)) } ?? false
        }
        guard !isFresh, let time = Timepoint.httpDate(date) else { return }
        reading.withLock { $0 = Reading(time: time, at: elapsed) }
    }

    /// AWS's time in milliseconds since 1970; nil if no response has told it within a day.
    func now(elapsed: Duration) -> Int64? {
        let elapsed = elapsed.milliseconds
        return reading.withLock { reading in
            guard let reading, elapsed.saturatingSubtracting(reading.at) <= Self.lifetime else { return nil }
            return reading.time.saturatingAdding(elapsed.saturatingSubtracting(reading.at))
        }
    }
}

package import Encoding

/// Limits how far in the future a retry or the end of a lease can be.
///
/// A later time was written before a clock was set back. Such a delivery is ready immediately, and such a lease ends as
/// if it began now: a live worker extends it.
package enum QueueTime {
    /// The longest time between two attempts.
    package static let longestWait = Duration.seconds(300)

    /// The latest valid time.
    package static func latest(after now: Timestamp) -> Timestamp { now + longestWait }

    /// When the first delivery of a lane is ready.
    ///
    /// - Parameters:
    ///   - first: the earliest stored time.
    ///   - last: the latest stored time.
    package static func ready(_ first: Timestamp, last: Timestamp, now: Timestamp) -> Timestamp {
        last > latest(after: now) ? min(first, now) : first
    }
}

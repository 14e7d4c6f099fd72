import Encoding

/// Limits how far in the future a retry or the end of a lease can be.
///
/// A later time was written before a clock was set back. Such a delivery is ready immediately, and such a lease ends as
/// if it began now: a live worker extends it.
public enum QueueTime {
    /// The longest time between two attempts, in milliseconds.
    public static let longestWait: Int64 = 300_000

    /// The latest valid time.
    package static func latest(after now: Int64) -> Int64 { now.saturatingAdding(longestWait) }

    /// When the first delivery of an account-Region is ready.
    ///
    /// - Parameters:
    ///   - first: the earliest stored time.
    ///   - last: the latest stored time.
    package static func ready(_ first: Int64, last: Int64, now: Int64) -> Int64 {
        last > latest(after: now) ? min(first, now) : first
    }
}

import Synchronization

/// Limits how long a caller waits for a PostgreSQL store, over several calls together. The time starts with the first
/// call.
///
/// SQLite ignores it: its calls do not wait for a server.
package final class StoreTimeLimit: Sendable {
    /// The limit of the current task; nil if each call has only its own limit.
    @TaskLocal package static var current: StoreTimeLimit?

    private let limit: Duration
    private let parent: StoreTimeLimit?
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    /// Creates a limit. It is bounded by the limit of the current task, if any.
    package init(_ limit: Duration) {
        self.limit = limit
        parent = Self.current
    }

    /// The deadline; starts the time if necessary.
    package var instant: ContinuousClock.Instant {
        let own = end.withLock { end in
            let instant = end ?? .now + limit
            end = instant
            return instant
        }
        return parent.map { min($0.instant, own) } ?? own
    }

    /// The deadline of a call with a limit of its own.
    package static func end(of time: Duration) -> ContinuousClock.Instant {
        let end = ContinuousClock.now + time
        return current.map { min($0.instant, end) } ?? end
    }
}

import Synchronization

/// How long a caller waits for a PostgreSQL store, over all its calls together. The time starts with the first call.
///
/// SQLite does not use it: its calls do not wait for a server.
public final class StoreTimeLimit: Sendable {
    /// The limit of the current task; nil if every call has only its own.
    @TaskLocal public static var current: StoreTimeLimit?

    private let limit: Duration
    private let parent: StoreTimeLimit?
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    /// Makes a limit, within that of the current task if it has one.
    public init(_ limit: Duration) {
        self.limit = limit
        parent = Self.current
    }

    /// When the time is over; starts it if it has not started.
    var instant: ContinuousClock.Instant {
        let own = end.withLock { end in
            let instant = end ?? .now + limit
            end = instant
            return instant
        }
        return parent.map { min($0.instant, own) } ?? own
    }

    /// The end of a call that may take a time of its own.
    static func end(of time: Duration) -> ContinuousClock.Instant {
        let end = ContinuousClock.now + time
        return current.map { min($0.instant, end) } ?? end
    }
}

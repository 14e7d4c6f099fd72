import Encoding
package import Store
import Synchronization

/// Limits concurrent requests and the length of the queue, before any work is done on a delivery.
///
/// Under overload, requests are rejected cheaply and the disk does not fill. The type is lock-free.
package final class Admission: Sendable {
    /// The most concurrent requests: twice as many as one commit of the store takes.
    static let maximumRequests = 2000
    /// How long a count of the queue is used: while the queue is nearly full, and otherwise.
    private static let (nearlyFullCountLifetime, countLifetime) = (Duration.seconds(1), Duration.seconds(60))

    /// How long a request waits for the count. The rest of its time limit is for storing its delivery.
    private static let countTimeout = Duration.seconds(1)

    private let store: any DeliveryQueue
    private let limit: Atomic<Int>
    private let maximumRequests: Int
    private let clock: @Sendable () -> Duration
    private let requests = Atomic(0)
    /// The deliveries at the last count plus those stored since: an upper bound, unless another process stores deliveries, too.
    private let queued = Atomic(0)
    /// When, in milliseconds of the clock; `Int64.min` for never.
    private let countedAt = Atomic(Int64.min)
    private let isCounting = Atomic(false)

    /// - Parameters:
    ///   - maximumPending: the most deliveries in the queue.
    ///   - maximumRequests: the most concurrent requests.
    ///   - clock: returns a monotonic time. With a wall clock that is set back, the queue would not be counted
    ///     until the clock has caught up.
    package init(
        store: any DeliveryQueue, maximumPending: Int, maximumRequests: Int = Admission.maximumRequests,
        clock: @escaping @Sendable () -> Duration = MonotonicClock.elapsed
    ) {
        self.store = store
        limit = Atomic(maximumPending)
        self.maximumRequests = maximumRequests
        self.clock = clock
    }

    /// The most deliveries in the queue.
    package var maximumPending: Int { limit.load(ordering: .relaxed) }

    /// Changes the most deliveries in the queue.
    package func use(maximumPending: Int) { limit.store(maximumPending, ordering: .relaxed) }

    /// The number of requests in progress.
    package var current: Int { requests.load(ordering: .relaxed) }

    /// Handles a request, or defers it if the limits do not allow it.
    ///
    /// - Parameter body: handles the request. Its argument reserves capacity for several deliveries, and returns false if there
    ///   is not enough: they are stored all or none.
    func admit(_ body: (_ reserve: (Int) -> Bool) async -> IntakeResult) async -> IntakeResult {
        let count = requests.add(1, ordering: .relaxed).newValue
        defer { requests.subtract(1, ordering: .relaxed) }
        guard count <= maximumRequests else { return .deferred(.overloaded) }
        guard await hasCapacity() else { return .deferred(.queueFull) }
        var reserved = 0
        let result = await body { count in
            guard reserve(count) else { return false }
            reserved += count
            return true
        }
        let stored = if case .accepted(let deliveries) = result { deliveries.stored } else { 0 }
        queued.add(stored - reserved, ordering: .relaxed)
        return result
    }

    /// Reserves capacity in the queue. An empty queue accepts any number of deliveries: otherwise a request with more
    /// deliveries than the limit would be retried forever.
    private func reserve(_ count: Int) -> Bool {
        let (before, after) = queued.add(count, ordering: .relaxed)
        if after <= maximumPending || before <= 0 { return true }
        queued.subtract(count, ordering: .relaxed)
        return false
    }

    private func hasCapacity() async -> Bool {
        let now = clock()
        // While one request counts, the others use the previous count.
        let isNearlyFull = queued.load(ordering: .relaxed) >= maximumPending - maximumPending / 5
        let last = countedAt.load(ordering: .relaxed)
        if last == .min
            || now - .milliseconds(last) >= (isNearlyFull ? Self.nearlyFullCountLifetime : Self.countLifetime)
        {
            await count(now)
        }
        return queued.load(ordering: .relaxed) < maximumPending
    }

    /// Counts the queue, unless another request is counting it.
    private func count(_ now: Duration) async {
        guard isCounting.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        else { return }
        defer { isCounting.store(false, ordering: .releasing) }
        let before = queued.load(ordering: .relaxed)
        // A delivery that is stored during the count is counted once or twice, never zero times.
        let timeout = StoreTimeLimit(Self.countTimeout)
        let status = await StoreTimeLimit.$current.withValue(timeout) { try? await store.queueStatus() }
        guard let status else { return }
        queued.add(status.pending + status.leased - before, ordering: .relaxed)
        countedAt.store(now.milliseconds, ordering: .relaxed)
    }
}

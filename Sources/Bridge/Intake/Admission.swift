import AWSCore
import ErrorCodes
import Store
import Synchronization

/// Decides, before any work is done on a delivery, whether there is room for it: so that a crowd is turned away cheaply,
/// and the disk does not fill.
///
/// Nobody waits for a lock here.
final class Admission: Sendable {
    /// Why there is no room.
    enum Rejection: Sendable {
        /// Too many requests wait for the store.
        case busy
        /// The queue has as many deliveries as it may have.
        case full
    }

    /// How many requests may be worked on at the same time: twice as many as one commit of the store takes.
    static let maximumRequests = 2000
    /// How long a count of the queue is believed, in milliseconds: while the queue seems nearly full, and otherwise.
    private static let (fullLife, life) = (1000 as Int64, 60_000 as Int64)

    /// How long a request waits for the count: what is left of its time is for its delivery.
    private static let countingLimit = Duration.seconds(1)

    private let store: any Store
    private let limit: Atomic<Int>
    private let maximumRequests: Int
    private let clock: @Sendable () -> Int64
    private let requests = Atomic(0)
    /// The deliveries that were there when they were last counted, and those stored since: never fewer than there are,
    /// unless another process stores, too.
    private let queued = Atomic(0)
    private let countedAt = Atomic(Int64.min)
    private let isCounting = Atomic(false)

    /// - Parameters:
    ///   - maximumPending: how many deliveries may be in the queue.
    ///   - maximumRequests: how many requests may be worked on at the same time.
    ///   - clock: a monotonic time in milliseconds: while a clock that was set back caught up, nothing would be counted.
    init(
        store: any Store, maximumPending: Int, maximumRequests: Int = Admission.maximumRequests,
        clock: @escaping @Sendable () -> Int64 = MonotonicClock.milliseconds
    ) {
        self.store = store
        limit = Atomic(maximumPending)
        self.maximumRequests = maximumRequests
        self.clock = clock
    }

    /// How many deliveries may be in the queue.
    var maximumPending: Int { limit.load(ordering: .relaxed) }

    /// Allows another number of deliveries in the queue.
    func use(maximumPending: Int) { limit.store(maximumPending, ordering: .relaxed) }

    /// How many requests are being worked on.
    var current: Int { requests.load(ordering: .relaxed) }

    /// Works on a request if there is room.
    ///
    /// - Parameter body: handles the request. Its argument reserves room for several deliveries, and is false if there is
    ///   not enough: they are stored together or not at all.
    func admit(_ body: (_ reserve: (Int) -> Bool) async -> IntakeResult) async -> Result<IntakeResult, Rejection> {
        let count = requests.add(1, ordering: .relaxed).newValue
        defer { requests.subtract(1, ordering: .relaxed) }
        guard count <= maximumRequests else { return .failure(.busy) }
        guard await hasSpace() else { return .failure(.full) }
        var reserved = 0
        let answer = await body { count in
            guard reserve(count) else { return false }
            reserved += count
            return true
        }
        queued.add(answer.stored - reserved, ordering: .relaxed)
        return .success(answer)
    }

    /// A queue with nothing in it takes any number of deliveries, so that no request waits forever.
    private func reserve(_ count: Int) -> Bool {
        let (before, after) = queued.add(count, ordering: .relaxed)
        if after <= maximumPending || before <= 0 { return true }
        queued.subtract(count, ordering: .relaxed)
        return false
    }

    private func hasSpace() async -> Bool {
        let now = clock()
        // Counted in time: while one counts, the others go by what was counted before.
        let isFull = queued.load(ordering: .relaxed) >= maximumPending - maximumPending / 5
        let last = countedAt.load(ordering: .relaxed)
        if last == .min || now.saturatingSubtracting(last) >= (isFull ? Self.fullLife : Self.life) { await count(now) }
        return queued.load(ordering: .relaxed) < maximumPending
    }

    /// Counts the queue, unless somebody else is about to.
    private func count(_ now: Int64) async {
        guard isCounting.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        else { return }
        defer { isCounting.store(false, ordering: .releasing) }
        let before = queued.load(ordering: .relaxed)
        // What is stored while the store counts is counted twice or once, but not left out.
        let counting = StoreTimeLimit(Self.countingLimit)
        let status = await StoreTimeLimit.$current.withValue(counting) { try? await store.queueStatus() }
        guard let status else { return }
        queued.add(status.pending + status.leased - before, ordering: .relaxed)
        countedAt.store(now, ordering: .relaxed)
    }
}

extension Result where Success == IntakeResult, Failure == Admission.Rejection {
    /// The answer, also to what was not admitted.
    var answer: IntakeResult {
        switch self {
        case .success(let answer): answer
        case .failure(.busy):
            .unavailable(code: .overloaded, message: "Too many deliveries come at once. Send it again later.")
        case .failure(.full): .queueFull
        }
    }
}

extension Admission.Rejection: Error {}

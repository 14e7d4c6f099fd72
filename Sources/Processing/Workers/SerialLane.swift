import AWSClient
import Planning
import Store

/// A queue of leased deliveries that are processed in order, in batches, and never concurrently.
///
/// Different lanes change different findings, so no two changes of one finding are ever in progress.
actor SerialLane {
    typealias Item = (leased: LeasedDelivery, command: DeliveryCommand)

    private var waiting: [Item] = []
    private var task: Task<Void, Never>?
    private let clock: AWSClock
    private let batchLimit: Int
    private let linger: BatchLinger?
    private let policy: LanePolicy?
    /// When the first of the waiting deliveries was added.
    private var waitingSince = Duration.zero
    private var lingering: Task<Void, Never>?
    private var isStopped = false
    private let process: @Sendable ([Item]) async -> Void
    private let onFinished: @Sendable ([Lease]) async -> Void

    /// - Parameters:
    ///   - clock: the executor and the clock of the lane.
    ///   - batchLimit: the most deliveries that are processed together.
    ///   - linger: how long deliveries wait for others to share requests with; nil to process them immediately.
    ///   - policy: whether deliveries may be processed; nil if they always may.
    ///   - process: processes deliveries and stores the outcome of each.
    ///   - onFinished: called with the leases of the processed deliveries.
    init(
        by clock: AWSClock, batchLimit: Int, linger: BatchLinger? = nil, policy: LanePolicy? = nil,
        process: @escaping @Sendable ([Item]) async -> Void,
        onFinished: @escaping @Sendable ([Lease]) async -> Void
    ) {
        self.clock = clock
        self.batchLimit = batchLimit
        self.linger = linger
        self.policy = policy
        self.process = process
        self.onFinished = onFinished
    }

    /// Appends deliveries to the queue.
    func add(_ items: [Item]) {
        if waiting.isEmpty { waitingSince = clock.elapsed() }
        waiting += items
        if waiting.count >= BatchLinger.full { lingering?.cancel() }
        if task == nil { start() }
    }

    private func start() { task = Task(executorPreference: clock.executor) { await self.run() } }

    private func run() async {
        while !waiting.isEmpty, !Task.isCancelled {
            await waitForBatch()
            let state = policy?.allow() ?? .closed
            if state == .open {
                let leases = removeAll()
                await policy?.release(leases)
                continue
            }
            let items = Array(waiting.prefix(state == .halfOpen ? 1 : batchLimit))
            waiting.removeFirst(items.count)
            waitingSince = clock.elapsed()
            guard !items.isEmpty else {
                if state == .halfOpen { policy?.endProbe() }
                continue
            }
            await process(items)
            if state == .halfOpen { policy?.endProbe() }
            await onFinished(items.map(\.leased.lease))
        }
        task = nil
        // Deliveries that were added after a cancellation are not concerned by it.
        if !waiting.isEmpty { start() }
    }

    /// Waits until there are enough deliveries to fill a request, or the first has waited long enough.
    private func waitForBatch() async {
        guard let linger, !isStopped else { return }
        let wait = linger.wait(count: waiting.count, waited: clock.elapsed() - waitingSince)
        guard wait > .zero else { return }
        let lingering = Task(executorPreference: clock.executor) { [clock] in _ = try? await clock.sleep(wait) }
        self.lingering = lingering
        await lingering.value
        self.lingering = nil
    }

    /// Removes the waiting deliveries and stops waiting for full batches. A batch in progress continues.
    ///
    /// - Returns: the leases of the removed deliveries.
    func stop() -> [Lease] {
        isStopped = true
        lingering?.cancel()
        return removeAll()
    }

    /// Removes the waiting deliveries. Deliveries that are added later are processed as before.
    ///
    /// - Returns: the leases of the removed deliveries.
    func removeAll() -> [Lease] {
        defer { waiting = [] }
        return waiting.map(\.leased.lease)
    }

    /// Cancels the batch in progress.
    func cancel() { task?.cancel() }

    /// Waits until the lane is empty.
    func drain() async { await task?.value }
}

/// Decides whether a lane may process deliveries.
struct LanePolicy: Sendable {
    /// Called before each batch. In state `halfOpen` the batch is one delivery, followed by `endProbe`.
    let allow: @Sendable () -> CircuitBreaker.State
    /// Called when the delivery that was allowed as a probe has been processed.
    let endProbe: @Sendable () -> Void
    /// Releases deliveries that may not be processed.
    let release: @Sendable ([Lease]) async -> Void
}

import AWSClient
import Store

/// A queue of leased deliveries of one kind in one lane that are processed in order, in batches, and never
/// concurrently. While AWS denies access, single deliveries are processed as probes.
///
/// Different lanes change different findings, so no two changes of one finding are ever in progress.
actor SerialLane {
    private let lane: DeliveryLane
    private let processor: any DeliveryProcessor
    private let batchLimit: Int
    private let linger: BatchLinger?
    private let circuitBreakers: CircuitBreakers
    private let leases: LeaseKeeper
    private let clock: AWSClock
    private let executor: (any TaskExecutor)?
    private var waiting: [LeasedCommand] = []
    private var task: Task<Void, Never>?
    /// When the first of the waiting deliveries was added.
    private var waitingSince = Duration.zero
    private var lingering: Task<Void, Never>?
    private var isStopped = false

    /// - Parameters:
    ///   - processor: processes the deliveries.
    ///   - batchLimit: the most deliveries that are processed together.
    ///   - linger: how long deliveries wait for others to share requests with; nil to process them immediately.
    ///   - leases: holds the leases of the deliveries until they are processed.
    ///   - executor: runs the lane; nil for the default executor.
    init(
        of lane: DeliveryLane, processor: any DeliveryProcessor, batchLimit: Int, linger: BatchLinger? = nil,
        circuitBreakers: CircuitBreakers, leases: LeaseKeeper, clock: AWSClock, executor: (any TaskExecutor)?
    ) {
        self.lane = lane
        self.processor = processor
        self.batchLimit = batchLimit
        self.linger = linger
        self.circuitBreakers = circuitBreakers
        self.leases = leases
        self.clock = clock
        self.executor = executor
    }

    /// Appends deliveries to the queue.
    func add(_ items: [LeasedCommand]) {
        if waiting.isEmpty { waitingSince = clock.elapsed() }
        waiting += items
        if waiting.count >= BatchLinger.full { lingering?.cancel() }
        if task == nil { start() }
    }

    private func start() { task = Task(executorPreference: executor) { await self.run() } }

    private func run() async {
        while !waiting.isEmpty, !Task.isCancelled {
            await waitForBatch()
            let state = circuitBreakers.allow(lane)
            guard state != .open else {
                await leases.release(removeAll(), of: lane)
                continue
            }
            let items = Array(waiting.prefix(state == .halfOpen ? 1 : batchLimit))
            waiting.removeFirst(items.count)
            waitingSince = clock.elapsed()
            // The deliveries may have been removed during the wait.
            if !items.isEmpty {
                await DeliveryScope.$deliveries.withValue(items.map(\.leased.delivery.id)) {
                    await processor.process(items)
                }
            }
            if state == .halfOpen {
                circuitBreakers.endProbe(lane)
                leases.capacity.notify()
            }
            await leases.discard(items.map(\.leased.lease), of: lane)
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
        let lingering = Task(executorPreference: executor) { [clock] in _ = try? await clock.sleep(wait) }
        self.lingering = lingering
        await lingering.value
        self.lingering = nil
    }

    /// Releases the waiting deliveries, and stops waiting for full batches. A batch in progress continues.
    func stop() async {
        isStopped = true
        lingering?.cancel()
        await releaseWaiting()
    }

    /// Releases the waiting deliveries. Deliveries that are added later are processed as before.
    func releaseWaiting() async { await leases.release(removeAll(), of: lane) }

    private func removeAll() -> [Lease] {
        defer { waiting = [] }
        return waiting.map(\.leased.lease)
    }

    /// Cancels the batch in progress.
    func cancel() { task?.cancel() }

    /// Waits until the lane is empty.
    func drain() async { await task?.value }
}

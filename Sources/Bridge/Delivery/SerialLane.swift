import AWSClient
import Store

/// A line of deliveries that are worked on some at a time, never by two at once.
///
/// What is in different lanes touches different findings, so no two changes to one finding are ever under way.
actor SerialLane {
    typealias Item = (leased: LeasedDelivery, work: DeliveryCommand)

    /// Says what may be worked on.
    struct Gate: Sendable {
        /// Asked before each piece of work.
        let admit: @Sendable () -> CircuitBreaker.Admission
        /// Called behind a piece of work that was admitted as `one`.
        let ended: @Sendable () -> Void
        /// Takes what may not be worked on.
        let release: @Sendable ([Lease]) async -> Void
    }

    private var waiting: [Item] = []
    private var task: Task<Void, Never>?
    private let clock: AWSClock
    private let atOnce: Int
    private let filling: BatchLinger?
    private let gate: Gate?
    /// When the first of those that wait came.
    private var waitingSince = Duration.zero
    private var pause: Task<Void, Never>?
    private var isStopped = false
    private let perform: @Sendable ([Item]) async -> Void
    private let finished: @Sendable ([Lease]) async -> Void

    /// - Parameters:
    ///   - clock: where the work runs, and by what time.
    ///   - atOnce: how many deliveries at the most are handed over together.
    ///   - filling: how long deliveries wait for others to share requests with; nil for not at all.
    ///   - gate: says what may be worked on; nil for everything.
    ///   - perform: works on deliveries, and says of each what became of it.
    ///   - finished: hears which leases are out of the lane.
    init(
        by clock: AWSClock, atOnce: Int, filling: BatchLinger? = nil, gate: Gate? = nil,
        perform: @escaping @Sendable ([Item]) async -> Void,
        finished: @escaping @Sendable ([Lease]) async -> Void
    ) {
        self.clock = clock
        self.atOnce = atOnce
        self.filling = filling
        self.gate = gate
        self.perform = perform
        self.finished = finished
    }

    /// Puts deliveries at the end of the line.
    func add(_ items: [Item]) {
        if waiting.isEmpty { waitingSince = clock.elapsed() }
        waiting += items
        if waiting.count >= BatchLinger.full { pause?.cancel() }
        if task == nil { start() }
    }

    private func start() { task = Task(executorPreference: clock.executor) { await self.run() } }

    private func run() async {
        while !waiting.isEmpty, !Task.isCancelled {
            await waitForBatch()
            let admission = gate?.admit() ?? .everything
            if admission == .nothing {
                let leases = takeWaiting()
                await gate?.release(leases)
                continue
            }
            let items = Array(waiting.prefix(admission == .one ? 1 : atOnce))
            waiting.removeFirst(items.count)
            waitingSince = clock.elapsed()
            guard !items.isEmpty else {
                if admission == .one { gate?.ended() }
                continue
            }
            await perform(items)
            if admission == .one { gate?.ended() }
            await finished(items.map(\.leased.lease))
        }
        task = nil
        // What came after the work was told to give up has nothing to do with that.
        if !waiting.isEmpty { start() }
    }

    /// Waits until enough have come to fill a request, or they have waited long enough.
    private func waitForBatch() async {
        guard let filling, !isStopped else { return }
        let wait = filling.wait(count: waiting.count, waited: clock.elapsed() - waitingSince)
        guard wait > .zero else { return }
        let pause = Task(executorPreference: clock.executor) { [clock] in _ = try? await clock.sleep(wait) }
        self.pause = pause
        await pause.value
        self.pause = nil
    }

    private func takeWaiting() -> [Lease] {
        defer { waiting = [] }
        return waiting.map(\.leased.lease)
    }

    /// Takes out what waits; what is under way goes on. Nothing waits for company any more.
    func stop() -> [Lease] {
        isStopped = true
        pause?.cancel()
        return takeWaiting()
    }

    /// Takes out what waits, while what comes later is worked on as before.
    func takeAll() -> [Lease] { takeWaiting() }

    /// Has what is under way give up.
    func cancel() { task?.cancel() }

    /// Waits until the line is empty.
    func drain() async { await task?.value }
}

import EventLoop
import Store

/// A line of deliveries that are worked on some at a time, never by two at once.
///
/// What is in different lanes touches different findings, so no two changes to one finding are ever under way.
actor Lane {
    typealias Item = (leased: LeasedDelivery, work: Work)

    private var waiting: [Item] = []
    private var task: Task<Void, Never>?
    private let loop: EventLoop
    private let atOnce: Int
    private let perform: @Sendable ([Item]) async -> Void
    private let finished: @Sendable ([Lease]) async -> Void

    /// - Parameters:
    ///   - loop: where the work runs.
    ///   - atOnce: how many deliveries at the most are handed over together.
    ///   - perform: works on deliveries, and says of each what became of it.
    ///   - finished: hears which leases are out of the lane.
    init(
        on loop: EventLoop, atOnce: Int, perform: @escaping @Sendable ([Item]) async -> Void,
        finished: @escaping @Sendable ([Lease]) async -> Void
    ) {
        self.loop = loop
        self.atOnce = atOnce
        self.perform = perform
        self.finished = finished
    }

    /// Puts deliveries at the end of the line.
    func add(_ items: [Item]) {
        waiting += items
        if task == nil { task = Task(executorPreference: loop) { await self.run() } }
    }

    private func run() async {
        while !waiting.isEmpty {
            let items = Array(waiting.prefix(atOnce))
            waiting.removeFirst(items.count)
            await perform(items)
            await finished(items.map(\.leased.lease))
        }
        task = nil
    }

    /// Takes out what waits; what is under way goes on.
    func stop() -> [Lease] {
        defer { waiting = [] }
        return waiting.map(\.leased.lease)
    }

    /// Has what is under way give up.
    func cancel() { task?.cancel() }

    /// Waits until the line is empty.
    func drain() async { await task?.value }
}

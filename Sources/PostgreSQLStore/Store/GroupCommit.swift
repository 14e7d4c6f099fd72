import DequeModule
import EventLoop
import Store

/// Combines requests of several callers: those that wait while a batch is running share the next one.
actor GroupCommit<Item: Sendable, Output: Sendable> {
    /// The result of each item of a batch, in order.
    typealias Outcome = Result<[Result<Output, StoreError>], StoreError>

    /// A waiting caller. Used on the actor only.
    private final class Entry {
        let item: Item
        let deadline: ContinuousClock.Instant?
        private var continuation: CheckedContinuation<Result<Output, StoreError>, Never>?

        init(
            _ item: Item, _ deadline: ContinuousClock.Instant?,
            _ continuation: CheckedContinuation<Result<Output, StoreError>, Never>
        ) {
            (self.item, self.deadline, self.continuation) = (item, deadline, continuation)
        }

        /// Resumes the caller, once.
        func complete(_ result: Result<Output, StoreError>) { continuation.take()?.resume(returning: result) }
    }

    /// The maximum number of items in a batch.
    static var batchLimit: Int { 1000 }

    private let loop: EventLoop
    private let split: @Sendable ([Item]) -> Int
    private let report: StoreEvent.Report
    private let perform: @Sendable ([Item]) async -> Outcome
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var queue = BatchQueue<Entry>()
    /// The callers of the running batch.
    private var running: [Entry] = []
    /// Fails callers whose deadline has passed.
    private var timer: LoopTimer?
    private var isTimed = false

    /// - Parameters:
    ///   - split: the number of waiting items, from the first on, that form the next batch; at least 1.
    ///   - report: receives an event for each completed batch.
    ///   - perform: performs a batch in one transaction.
    init(
        on loop: EventLoop, split: @escaping @Sendable ([Item]) -> Int,
        report: @escaping StoreEvent.Report = { _ in },
        perform: @escaping @Sendable ([Item]) async -> Outcome
    ) {
        self.loop = loop
        self.split = split
        self.report = report
        self.perform = perform
    }

    /// The number of items that wait for the next batch.
    var waitingCount: Int { queue.waiting.count }

    /// Submits an item to the next batch, and waits for its result.
    ///
    /// - Parameter deadline: when to stop waiting; nil to wait without a limit. The item may still take effect
    ///   afterwards.
    func submit(_ item: Item, until deadline: ContinuousClock.Instant? = nil) async throws(StoreError) -> Output {
        try await withCheckedContinuation { continuation in
            let entry = Entry(item, deadline, continuation)
            switch queue.append(entry) {
            case .rejected: return entry.complete(.failure(.closed))
            case .queued: break
            case .start: Task(executorPreference: loop) { await self.run() }
            }
            if let deadline, !isTimed { watchTime(until: deadline) }
        }.get()
    }

    private func run() async {
        while true {
            running = queue.takeBatch { split($0.prefix(Self.batchLimit).map(\.item)) }
            // The deadlines of all callers may have passed.
            if !running.isEmpty { await performBatch(running) }
            running = []
            guard let closers = queue.endBatch() else { continue }
            if queue.isClosed { endTimer() }
            for closer in closers { closer.resume() }
            return
        }
    }

    private func performBatch(_ batch: [Entry]) async {
        let start = ContinuousClock.now
        switch await perform(batch.map(\.item)) {
        case .success(let outputs):
            report(.committed(writes: batch.count, duration: .now - start))
            for (entry, output) in zip(batch, outputs) { entry.complete(output) }
        case .failure(let error):
            for entry in batch { entry.complete(.failure(error)) }
        }
    }

    // MARK: Time

    private func watchTime(until deadline: ContinuousClock.Instant) {
        if timer == nil { timer = LoopTimer(on: loop) { self.assumeIsolated { $0.timePasses() } } }
        isTimed = true
        timer?.start(after: deadline - .now)
    }

    private func timePasses() {
        isTimed = false
        let now = ContinuousClock.now
        func isOver(_ entry: Entry) -> Bool { entry.deadline.map { $0 <= now } ?? false }
        for entry in running + queue.waiting where isOver(entry) { entry.complete(.failure(Self.overdue)) }
        running.removeAll(where: isOver)
        queue.waiting.removeAll(where: isOver)
        if let next = (running + queue.waiting).compactMap(\.deadline).min() { watchTime(until: next) }
    }

    private func endTimer() {
        timer?.close()
        timer = nil
    }

    private static var overdue: StoreError {
        StoreError(.unavailable, "The database did not respond in time; the store retries automatically.")
    }

    // MARK: Closing

    /// Rejects further items, and returns when the waiting ones are done.
    func close() async {
        await withCheckedContinuation { closer in
            guard !queue.close(closer) else { return }
            endTimer()
            closer.resume()
        }
    }
}

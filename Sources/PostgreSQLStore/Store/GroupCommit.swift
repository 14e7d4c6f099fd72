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

    private var waiting: [Entry] = []
    /// The callers of the running batch.
    private var running: [Entry] = []
    /// Fails callers whose deadline has passed.
    private var timer: LoopTimer?
    private var isTimed = false
    private var isRunning = false
    private var isClosed = false
    private var drained: CheckedContinuation<Void, Never>?

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
    var waitingCount: Int { waiting.count }

    /// Submits an item to the next batch, and waits for its result.
    ///
    /// - Parameter deadline: when to stop waiting; nil to wait without a limit. The item may still take effect
    ///   afterwards.
    func submit(_ item: Item, until deadline: ContinuousClock.Instant? = nil) async throws(StoreError) -> Output {
        guard !isClosed else { throw .closed }
        return try await withCheckedContinuation { continuation in
            waiting.append(Entry(item, deadline, continuation))
            if let deadline, !isTimed { watchTime(until: deadline) }
            guard !isRunning else { return }
            isRunning = true
            Task(executorPreference: loop) { await self.run() }
        }.get()
    }

    private func run() async {
        while !waiting.isEmpty {
            let batch = takeBatch()
            let start = ContinuousClock.now
            running = batch
            switch await perform(batch.map(\.item)) {
            case .success(let outputs):
                report(.committed(writes: batch.count, duration: .now - start))
                for (entry, complete) in zip(batch, outputs) { entry.complete(complete) }
            case .failure(let error):
                for entry in batch { entry.complete(.failure(error)) }
            }
            running = []
        }
        isRunning = false
        if isClosed { endTimer() }
        drained.take()?.resume()
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
        for entry in running + waiting where isOver(entry) { entry.complete(.failure(Self.overdue)) }
        running.removeAll(where: isOver)
        waiting.removeAll(where: isOver)
        if let next = (running + waiting).compactMap(\.deadline).min() { watchTime(until: next) }
    }

    private func endTimer() {
        timer?.close()
        timer = nil
    }

    private static var overdue: StoreError {
        StoreError(.unavailable, "The database did not respond in time; the store retries automatically.")
    }

    private func takeBatch() -> [Entry] {
        let candidates = waiting.prefix(Self.batchLimit)
        let count = split(candidates.map(\.item))
        defer { waiting.removeFirst(count) }
        return Array(candidates.prefix(count))
    }

    /// Rejects further items, and returns when the waiting ones are done. Must be called once.
    func close() async {
        isClosed = true
        guard isRunning else { return endTimer() }
        await withCheckedContinuation { drained = $0 }
    }
}

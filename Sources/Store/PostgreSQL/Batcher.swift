import EventLoop

/// Has what several callers ask for done together: those who wait while one batch is under way share the next one.
actor Batcher<Item: Sendable, Answer: Sendable> {
    /// What becomes of each item of a batch, in order.
    typealias Outcome = Result<[Result<Answer, StoreError>], StoreError>

    private struct Entry {
        let item: Item
        let continuation: CheckedContinuation<Result<Answer, StoreError>, Never>
    }

    /// The most items in a batch.
    static var batchLimit: Int { 1000 }

    private let loop: EventLoop
    private let split: @Sendable ([Item]) -> Int
    private let report: StoreEvent.Report
    private let perform: @Sendable ([Item]) async -> Outcome
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var waiting: [Entry] = []
    private var isRunning = false
    private var isClosed = false
    private var drained: CheckedContinuation<Void, Never>?

    /// - Parameters:
    ///   - split: how many of those that wait, from the first on, make up the next batch; at least one.
    ///   - report: hears of each batch that was done.
    ///   - perform: does a batch, in one transaction.
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

    /// How many wait for the next batch.
    var waitingCount: Int { waiting.count }

    /// Waits for the next batch, and for what becomes of the item in it.
    func submit(_ item: Item) async throws(StoreError) -> Answer {
        guard !isClosed else { throw .closed }
        return try await withCheckedContinuation { continuation in
            waiting.append(Entry(item: item, continuation: continuation))
            guard !isRunning else { return }
            isRunning = true
            Task(executorPreference: loop) { await self.run() }
        }.get()
    }

    private func run() async {
        while !waiting.isEmpty {
            let batch = takeBatch()
            let start = ContinuousClock.now
            switch await perform(batch.map(\.item)) {
            case .success(let answers):
                report(.committed(writes: batch.count, duration: .now - start))
                for (entry, answer) in zip(batch, answers) { entry.continuation.resume(returning: answer) }
            case .failure(let error):
                for entry in batch { entry.continuation.resume(returning: .failure(error)) }
            }
        }
        isRunning = false
        drained.take()?.resume()
    }

    private func takeBatch() -> [Entry] {
        let candidates = waiting.prefix(Self.batchLimit)
        let count = split(candidates.map(\.item))
        defer { waiting.removeFirst(count) }
        return Array(candidates.prefix(count))
    }

    /// Refuses what comes, and returns when what waits is done. To be called once.
    func close() async {
        isClosed = true
        guard isRunning else { return }
        await withCheckedContinuation { drained = $0 }
    }
}

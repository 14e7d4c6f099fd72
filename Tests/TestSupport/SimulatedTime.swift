import Foundation
import Synchronization

/// A clock for tasks that advances only when all of them wait for it: hours pass in moments and in a reproducible
/// order, as far as the tasks wait for nothing else.
///
/// It is also an executor: simulated code must run on it, by `Task(executorPreference:)` or as children of such tasks.
public final class SimulatedTime: TaskExecutor, Sendable {
    private struct Sleeper {
        let wakeAt: Duration
        let number: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var jobs: [UnownedJob] = []
        var now = Duration.zero
        var sleepers: [Sleeper] = []
        var canceled: Set<Int> = []
        var count = 0
        var isDone = false
    }

    private let state = Mutex(State())
    private let timeout: Duration
    private let isBusy: @Sendable () -> Bool

    /// - Parameters:
    ///   - timeout: how long, in real time, external work may keep all tasks waiting before the clock advances.
    ///   - isBusy: whether external work, such as a database call, is running for the tasks; the clock stops meanwhile.
    public init(timeout: Duration = .zero, isBusy: @escaping @Sendable () -> Bool = { false }) {
        self.timeout = timeout
        self.isBusy = isBusy
    }

    /// The time since the start.
    public var now: Duration { state.withLock { $0.now } }

    /// Adds a job; thread-safe.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
    }

    /// Sleeps on this clock.
    public func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCanceled = state.withLock { state in
                    guard state.canceled.remove(number) == nil else { return true }
                    state.sleepers.append(
                        Sleeper(wakeAt: state.now + max(duration, .zero), number: number, continuation: continuation))
                    return false
                }
                if isCanceled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.number == number }) else {
                    state.canceled.insert(number)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Runs a body on this clock to its end.
    public func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task(executorPreference: self) {
            defer { self.state.withLock { $0.isDone = true } }
            try await body()
        }
        try await onThread { self.drive() }
        try await task.value
    }

    private func drive() {
        var waited = ContinuousClock.now
        while true {
            // Checked first: external work ends by adding a job.
            let isBusy = isBusy()
            let jobs = state.withLock { state in
                defer { state.jobs = [] }
                return state.jobs
            }
            for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
            if !jobs.isEmpty {
                waited = .now
                continue
            }
            if state.withLock({ $0.isDone }) { return }
            if isBusy { waited = .now }
            if isBusy || .now - waited < timeout || !wakeNext() {
                Thread.sleep(forTimeInterval: 0.0001)
            } else {
                waited = .now
            }
        }
    }

    /// Advances to the next wake-up time; false if no task sleeps.
    private func wakeNext() -> Bool {
        let sleeper = state.withLock { state -> Sleeper? in
            let next = state.sleepers.indices.min {
                (state.sleepers[$0].wakeAt, state.sleepers[$0].number)
                    < (state.sleepers[$1].wakeAt, state.sleepers[$1].number)
            }
            guard let next else { return nil }
            let sleeper = state.sleepers.remove(at: next)
            state.now = max(state.now, sleeper.wakeAt)
            return sleeper
        }
        sleeper?.continuation.resume()
        return sleeper != nil
    }
}

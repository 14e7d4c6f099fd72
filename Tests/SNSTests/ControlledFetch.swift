import SNS
import Synchronization

/// A scripted fetch: records URLs, and responds immediately or when released.
final class ControlledFetch: Sendable {
    typealias Answer = Result<[UInt8], SigningCertificateCache.FetchError>

    private struct State {
        var answer: Answer?
        var urls: [String] = []
        var held: [CheckedContinuation<Answer, Never>] = []
        var observers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    /// - Parameter answer: the result of every fetch; nil to hold fetches until ``release(_:)``.
    init(_ answer: Answer?) { state = Mutex(State(answer: answer)) }

    /// The fetched URLs, in order.
    var urls: [String] { state.withLock { $0.urls } }

    /// Changes the result of further fetches.
    func answer(_ answer: Answer) { state.withLock { $0.answer = answer } }

    /// Completes the held fetches and all further ones.
    func release(_ answer: Answer) {
        let held = state.withLock { state in
            state.answer = answer
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume(returning: answer) }
    }

    /// Waits until a number of fetches are held.
    func waitUntilHeld(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.held.count < count { state.observers.append((count, continuation)) }
                return state.held.count >= count
            }
            if isReached { continuation.resume() }
        }
    }

    func callAsFunction(_ url: String) async throws(SigningCertificateCache.FetchError) -> [UInt8] {
        let answer = await withCheckedContinuation { continuation in hold(url, continuation) }
        return try answer.get()
    }

    private func hold(_ url: String, _ continuation: CheckedContinuation<Answer, Never>) {
        let (answer, reached) = state.withLock { state in
            state.urls.append(url)
            if state.answer == nil { state.held.append(continuation) }
            let reached = state.observers.filter { $0.count <= state.held.count }
            state.observers.removeAll { $0.count <= state.held.count }
            return (state.answer, reached)
        }
        if let answer { continuation.resume(returning: answer) }
        for observer in reached { observer.continuation.resume() }
    }
}

/// An executor that runs jobs on demand, so that a test knows that every task has reached its first suspension.
final class ManualExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]?>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isKept = jobs.withLock { jobs in
            jobs?.append(job)
            return jobs != nil
        }
        if !isKept { globalConcurrentExecutor.enqueue(job) }
    }

    /// Runs all pending jobs and those that they enqueue.
    func drain() {
        while let job = jobs.withLock({ $0?.popFirst() }) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Passes all further jobs to the default executor.
    func letGo() {
        let rest = jobs.withLock { jobs in
            defer { jobs = nil }
            return jobs ?? []
        }
        for job in rest { globalConcurrentExecutor.enqueue(job) }
    }
}

extension [UnownedJob] {
    fileprivate mutating func popFirst() -> UnownedJob? { isEmpty ? nil : removeFirst() }
}

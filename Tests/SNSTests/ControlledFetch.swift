import SNS
import Synchronization

/// Stands for the way to SNS's host: counts what is fetched, and answers at once or when it is told to.
final class ControlledFetch: Sendable {
    typealias Answer = Result<[UInt8], SigningCertificateCache.FetchError>

    private struct State {
        var answer: Answer?
        var urls: [String] = []
        var held: [CheckedContinuation<Answer, Never>] = []
        var observers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    /// - Parameter answer: what every fetch gives; nil to hold fetches until ``release(_:)``.
    init(_ answer: Answer?) { state = Mutex(State(answer: answer)) }

    /// The addresses that were fetched, in order.
    var urls: [String] { state.withLock { $0.urls } }

    /// Changes what further fetches give.
    func answer(_ answer: Answer) { state.withLock { $0.answer = answer } }

    /// Answers the fetches that are held, and all further ones.
    func release(_ answer: Answer) {
        let held = state.withLock { state in
            state.answer = answer
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume(returning: answer) }
    }

    /// Waits until so many fetches are held.
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

/// Runs tasks only when it is told to, until it is let go: then a test knows that every task has come to its first wait.
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

    /// Runs every job that is there, and those that they make.
    func drain() {
        while let job = jobs.withLock({ $0?.popFirst() }) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Hands all jobs to the usual executor from now on.
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

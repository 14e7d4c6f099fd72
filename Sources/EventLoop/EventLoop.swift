import CLibuv
import Glibc
import Synchronization

/// A libuv event loop on its own thread that Swift tasks and actors can run on.
///
/// It is a `TaskExecutor` (`Task(executorPreference: loop) { … }`), and has a `SerialExecutor` for actors
/// (``asUnownedSerialExecutor()``); both run their jobs one at a time on the loop's thread, between the loop's callbacks.
/// Timers, signals and sockets are bound to one loop, and may be used on its thread only.
///
/// Call ``shutdown()`` before releasing the last reference.
///
/// `@unchecked Sendable`: `handles` is used on the loop's thread only, except for `wake()`, which libuv allows from any
/// thread while its handle is open; the queue's lock and state ensure that. The rest is immutable, atomic or protected
/// by a lock.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// The name of the loop's thread.
    public let name: String
    private let handles: LoopHandles
    private let queue = Locked(JobQueue())
    private let actorExecutor = ActorExecutor()
    /// The thread's ID; 0 until it is known.
    private let thread = Atomic<uv_thread_t>(0)

    private struct JobQueue {
        var jobs: [(job: UnownedJob, isOfActor: Bool)] = []
        var state = State.running

        enum State {
            case running
            /// Stops as soon as the pending callbacks and jobs have run.
            case stopping(CheckedContinuation<Int, Never>)
            /// Runs no further callbacks and jobs.
            case stopped
        }
    }

    /// Starts a loop on a new thread.
    ///
    /// The first loop makes the whole process ignore SIGPIPE.
    ///
    /// - Parameter name: the thread's name; the system shows its first 15 bytes.
    /// - Throws: ``EventLoopError`` if the system has no more threads or file descriptors.
    public init(name: String) throws(EventLoopError) {
        _ = Self.ignoresBrokenPipes
        self.name = name
        handles = try LoopHandles()
        handles.setOwner(self)
        actorExecutor.setLoop(self)
        // The thread keeps the loop alive until it ends.
        let context = Unmanaged.passRetained(self)
        var identifier = uv_thread_t()
        let code = uv_thread_create(
            &identifier,
            { context in
                guard let context else { return }
                Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue().runThread()
            }, context.toOpaque())
        if code < 0 {
            context.release()
            queue.withLock { $0.state = .stopped }
            _ = handles.close()
            throw EventLoopError(code, operation: "start a thread for the event loop")
        }
        thread.store(identifier, ordering: .releasing)
    }

    /// Writing to a connection that the peer has reset must return an error instead of killing the process by SIGPIPE;
    /// libuv leaves this to the program.
    private static let ignoresBrokenPipes: Bool = {
        signal(SIGPIPE, SIG_IGN)
        return true
    }()

    deinit {
        guard case .stopped = queue.withLock({ $0.state }) else {
            preconditionFailure("an event loop was dropped without shutdown()")
        }
    }

    var uvLoop: UnsafeMutablePointer<uv_loop_t> { handles.loop }

    /// The read buffer that the loop's sockets share.
    var readBuffer: UnsafeMutableRawBufferPointer { handles.readBuffer }

    // MARK: Running

    private func runThread() {
        // The creating thread may not have stored it yet.
        thread.store(uv_thread_self(), ordering: .releasing)
        bridge_name_thread(String(decoding: name.utf8.prefix(15), as: UTF8.self))
        handles.run()
        let leftOver = handles.close()
        let state = queue.withLock { queue in
            defer { queue.state = .stopped }
            return queue.state
        }
        if case .stopping(let continuation) = state { continuation.resume(returning: leftOver) }
    }

    /// Shuts the loop down: runs pending callbacks and jobs, closes the loop and waits for its thread to end. Close
    /// everything on the loop first.
    ///
    /// - Returns: the number of handles (timers, sockets, signals) left open, which are then closed; 0 in a correct
    ///   program.
    /// - Precondition: called once, and not by a task that prefers the loop.
    @discardableResult
    public func shutdown() async -> Int {
        // This may run on the loop's own thread: a task that waited for an actor used by a task of this loop sometimes
        // resumes there. When the thread ends, the task resumes elsewhere.
        let leftOver = await withCheckedContinuation { continuation in
            queue.withLock { queue in
                guard case .running = queue.state else { preconditionFailure("shutdown() was called twice") }
                queue.state = .stopping(continuation)
                handles.wake()
            }
        }
        precondition(!isCurrent, "an event loop cannot shut itself down")
        // The thread only has to return, so this does not block for long.
        var identifier = thread.load(ordering: .acquiring)
        uv_thread_join(&identifier)
        return leftOver
    }

    // MARK: Executing

    /// Adds a job; safe on any thread.
    public func enqueue(_ job: consuming ExecutorJob) { enqueue(UnownedJob(job), isOfActor: false) }

    fileprivate func enqueue(_ job: UnownedJob, isOfActor: Bool) {
        queue.withLock { queue in
            if case .stopped = queue.state {
                preconditionFailure("a task was left on an event loop after its shutdown()")
            }
            queue.jobs.append((job, isOfActor))
            // A loop that has pending jobs, or is running callbacks, checks the queue before it blocks.
            if queue.jobs.count == 1, !isCurrent { handles.wake() }
        }
    }

    /// Runs the pending jobs and those that they add, for a bounded number of rounds so that sockets are not starved.
    func runJobs() {
        for _ in 0..<16 {
            let (jobs, isRunning) = queue.withLock { queue in
                defer { queue.jobs = [] }
                if case .running = queue.state { return (queue.jobs, true) }
                return (queue.jobs, false)
            }
            if jobs.isEmpty {
                handles.setWaits(true)
                if !isRunning { handles.stop() }
                return
            }
            for (job, isOfActor) in jobs {
                if isOfActor {
                    job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
                } else {
                    job.runSynchronously(on: asUnownedTaskExecutor())
                }
            }
        }
        handles.setWaits(false)
    }

    /// Whether the caller runs on the loop's thread.
    public var isCurrent: Bool { thread.load(ordering: .acquiring) == uv_thread_self() }

    /// Traps unless the caller runs on the loop's thread.
    public func checkIsolated() {
        precondition(isCurrent, "this belongs to the event loop's thread")
    }

    /// This loop as an actor's executor.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { actorExecutor.asUnownedSerialExecutor() }

    /// This loop as a task's executor.
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// Runs a closure on the loop's thread.
    public func run<Value, Failure: Error>(
        _ body: @Sendable () throws(Failure) -> sending Value
    ) async throws(Failure) -> sending Value {
        try await withTaskExecutorPreference(self) { () async throws(Failure) -> sending Value in try body() }
    }
}

/// A loop as the executor of actors. Separate from the loop's task executor: if they were the same object, each call of
/// a nonisolated async function, and each return from one, would go through the queue.
///
/// `@unchecked Sendable`: the loop is set once, before either object is shared.
private final class ActorExecutor: SerialExecutor, @unchecked Sendable {
    // The actor retains the loop, and the loop retains this.
    private unowned var loop: EventLoop?

    func setLoop(_ loop: EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) { loop?.enqueue(UnownedJob(job), isOfActor: true) }

    func checkIsolated() { loop?.checkIsolated() }

    func isIsolatingCurrentContext() -> Bool? { loop?.isCurrent }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}

import CLibuv
import Glibc
import Synchronization

/// A libuv event loop on a thread of its own, which Swift tasks and actors can run on.
///
/// It is a `TaskExecutor` (`Task(executorPreference: loop) { … }`), and has a `SerialExecutor` for actors
/// (``asUnownedSerialExecutor()``); both run their jobs one at a time on the loop's thread, between the loop's callbacks.
/// Timers, signals and sockets are bound to one loop, and may be used on its thread only.
///
/// A loop must be ended with ``shutdown()`` before its last reference goes.
///
/// `@unchecked Sendable`: `handles` is used on the loop's thread only, except for `wake()`, which libuv allows from any
/// thread while its handle is open: that it is open is what the queue's lock and state say. The rest is immutable,
/// atomic or behind a lock.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// The name of the loop's thread.
    public let name: String
    private let handles: LoopHandles
    private let queue = Locked(JobQueue())
    private let actorExecutor = ActorExecutor()
    /// The thread's identifier; 0 until it is known.
    private let thread = Atomic<uv_thread_t>(0)

    private struct JobQueue {
        var jobs: [(job: UnownedJob, isOfActor: Bool)] = []
        var state = State.running

        enum State {
            case running
            /// Ends as soon as the callbacks and jobs at hand have run.
            case stopping(CheckedContinuation<Int, Never>)
            /// No callback and no job runs any more.
            case stopped
        }
    }

    /// Starts a loop on a new thread.
    ///
    /// The first loop of a process has the whole process ignore SIGPIPE.
    ///
    /// - Parameter name: the thread's name; the system shows its first 15 bytes.
    /// - Throws: ``EventLoopError`` if the system has no thread or file descriptor left.
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

    /// Writing to a connection that the peer has reset must fail with an error, not end the process by SIGPIPE, which
    /// libuv leaves to the program.
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

    /// The buffer that the sockets of this loop read into, one after the other.
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

    /// Ends the loop: runs what is at hand, then closes the loop and waits for its thread to end. Everything that was
    /// opened on the loop must have been closed before.
    ///
    /// - Returns: how many handles (timers, sockets, signals) had been left open; 0 in a correct program. They are closed.
    /// - Precondition: called once, and not by a task that prefers the loop.
    @discardableResult
    public func shutdown() async -> Int {
        // This may be the loop's own thread: who has waited for an actor that a task of this loop was using goes on there
        // sometimes. The thread, at its end, has the task go on elsewhere.
        let leftOver = await withCheckedContinuation { continuation in
            queue.withLock { queue in
                guard case .running = queue.state else { preconditionFailure("shutdown() was called twice") }
                queue.state = .stopping(continuation)
                handles.wake()
            }
        }
        precondition(!isCurrent, "an event loop cannot end itself")
        // The thread has nothing more to do than to end, so this does not block for long.
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
            // A loop that has jobs at hand, or is in the middle of its callbacks, looks again before it waits.
            if queue.jobs.count == 1, !isCurrent { handles.wake() }
        }
    }

    /// Runs the jobs at hand, and those that they add, up to a number of rounds so that sockets get their turn.
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

    /// Stops the program unless the caller runs on the loop's thread.
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

/// A loop as the executor of actors. Not the loop itself: a task that ran on what may be an actor's executor would go
/// through the queue with each call of an asynchronous function that belongs to no actor, and each return from one.
///
/// `@unchecked Sendable`: the loop is set once, before anybody else knows of either.
private final class ActorExecutor: SerialExecutor, @unchecked Sendable {
    // An actor keeps the loop, and the loop keeps this.
    private unowned var loop: EventLoop?

    func setLoop(_ loop: EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) { loop?.enqueue(UnownedJob(job), isOfActor: true) }

    func checkIsolated() { loop?.checkIsolated() }

    func isIsolatingCurrentContext() -> Bool? { loop?.isCurrent }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}

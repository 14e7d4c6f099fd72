import CLibuv
import Encoding

/// A timer of an event loop. Create and use it on the loop's thread, and call ``close()`` at the end.
public final class LoopTimer {
    private let loop: EventLoop
    private let handle = OwnedHandle<uv_timer_t>()
    private let fire: () -> Void
    private var isClosed = false

    /// Makes a stopped timer.
    ///
    /// - Parameter fire: called on the loop's thread each time the timer fires.
    public init(on loop: EventLoop, fire: @escaping () -> Void) {
        loop.checkIsolated()
        self.loop = loop
        self.fire = fire
        uv_timer_init(loop.uvLoop, handle.pointer)
        handle.keep(self)
    }

    /// Starts or restarts the timer.
    ///
    /// - Parameters:
    ///   - delay: the time until it fires, rounded up to milliseconds.
    ///   - interval: the time between further firings; nil to fire once.
    public func start(after delay: Duration, repeating interval: Duration? = nil) {
        loop.checkIsolated()
        precondition(!isClosed, "a closed timer was started")
        // libuv counts from the time at which the loop last woke up.
        uv_update_time(loop.uvLoop)
        uv_timer_start(
            handle.pointer,
            { handle in
                OwnedHandle.owner(handle, as: LoopTimer.self)?.fire()
            }, delay.wholeMilliseconds, interval.map { max($0.wholeMilliseconds, 1) } ?? 0)
    }

    /// Stops the timer; it can be started again.
    public func stop() {
        loop.checkIsolated()
        if !isClosed { uv_timer_stop(handle.pointer) }
    }

    /// Closes the timer permanently; further calls do nothing.
    public func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        isClosed = true
        handle.close()
    }
}

extension Duration {
    /// Milliseconds, rounded up, clamped to 0 to 100 years.
    var wholeMilliseconds: UInt64 { UInt64(clamping: min(millisecondsRoundedUp, 100 * 366 * 86_400_000)) }
}

extension EventLoop {
    /// Sleeps on the loop's clock, which stops while the machine is suspended.
    ///
    /// - Throws: `CancellationError` as soon as the task is canceled.
    public func sleep(for duration: Duration) async throws {
        let sleeper = Sleeper()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                Task(executorPreference: self) { sleeper.start(continuation, on: self, for: duration) }
            }
        } onCancel: {
            Task(executorPreference: self) { sleeper.end(throwing: CancellationError()) }
        }
    }
}

/// `@unchecked Sendable`: its members are used on the loop's thread only, by the two tasks that `sleep(for:)` starts
/// there.
private final class Sleeper: @unchecked Sendable {
    private var continuation: CheckedContinuation<Void, any Error>?
    private var timer: LoopTimer?
    private var isEnded = false

    func start(_ continuation: CheckedContinuation<Void, any Error>, on loop: EventLoop, for duration: Duration) {
        if isEnded { return continuation.resume(throwing: CancellationError()) }
        self.continuation = continuation
        let timer = LoopTimer(on: loop) { self.end(throwing: nil) }
        self.timer = timer
        timer.start(after: duration)
    }

    func end(throwing error: (any Error)?) {
        guard !isEnded else { return }
        isEnded = true
        timer?.close()
        timer = nil
        if let error { continuation?.resume(throwing: error) } else { continuation?.resume() }
        continuation = nil
    }
}

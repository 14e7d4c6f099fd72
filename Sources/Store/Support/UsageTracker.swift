import Synchronization

/// Counts the calls that use a resource, so that the resource is closed only after the last one has ended.
///
/// Can be suspended for a while, for maintenance that needs exclusive access.
package final class UsageTracker: Sendable {
    private struct State {
        var inUse = 0
        var isClosed = false
        var closer: CheckedContinuation<Void, Never>?
        var isSuspended = false
        /// Resumed when no call uses the resource any more.
        var suspender: CheckedContinuation<Void, Never>?
        /// The calls that wait for the suspension to end.
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Mutex(State())

    /// Creates a tracker of an unused resource.
    package init() {}

    /// Whether a call uses the resource.
    package var isInUse: Bool { state.withLock { $0.inUse > 0 } }

    /// Begins a use, after waiting for the end of a suspension. Returns false if the tracker is closed; then there is
    /// nothing to release.
    package func acquireWhenResumed() async -> Bool {
        await withCheckedContinuation { continuation in
            let isIn: Bool? = state.withLock { state in
                guard !state.isClosed else { return false }
                guard !state.isSuspended else {
                    state.waiting.append(continuation)
                    return nil
                }
                state.inUse += 1
                return true
            }
            if let isIn { continuation.resume(returning: isIn) }
        }
    }

    /// Delays further uses until ``resume()``, and returns when the current ones have ended or the time is over. Must
    /// not be called concurrently.
    package func suspend(atMost time: Duration) async {
        state.withLock { $0.isSuspended = true }
        let timer = Task {
            guard (try? await Task.sleep(for: time)) != nil else { return }
            takeSuspender()?.resume()
        }
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.inUse > 0 { state.suspender = continuation }
                return state.inUse == 0
            }
            if isEmpty { continuation.resume() }
        }
        timer.cancel()
    }

    /// Ends the suspension.
    package func resume() {
        let (waiting, isClosed) = state.withLock { state in
            state.isSuspended = false
            defer { state.waiting = [] }
            if !state.isClosed { state.inUse += state.waiting.count }
            return (state.waiting, state.isClosed)
        }
        for continuation in waiting { continuation.resume(returning: !isClosed) }
    }

    private func takeSuspender() -> CheckedContinuation<Void, Never>? { state.withLock { $0.suspender.take() } }

    /// Begins a use, even during a suspension. Returns false if the tracker is closed; then there is nothing to
    /// release.
    package func acquire() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.inUse += 1
            return true
        }
    }

    /// Ends a use.
    package func release() {
        let (closer, suspender) = state.withLock { state in
            state.inUse -= 1
            return state.inUse == 0 ? (state.closer.take(), state.suspender.take()) : (nil, nil)
        }
        closer?.resume()
        suspender?.resume()
    }

    /// Rejects further uses, and returns when the current ones have ended. Must be called once.
    package func close() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isClosed = true
                if state.inUse > 0 { state.closer = continuation }
                return state.inUse == 0
            }
            if isEmpty { continuation.resume() }
        }
    }
}

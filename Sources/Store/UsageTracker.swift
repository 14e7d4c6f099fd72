import Synchronization

/// Lets calls through until it is closed, and tells when the last one has left: what they use must not be closed under them.
///
/// It can be held for a while, so that what must happen between reads gets its turn.
final class UsageTracker: Sendable {
    private struct State {
        var inUse = 0
        var isClosed = false
        var closer: CheckedContinuation<Void, Never>?
        var isSuspended = false
        /// Who waits for those inside to leave while it is held.
        var suspender: CheckedContinuation<Void, Never>?
        /// Those who wait for the hold to end.
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Mutex(State())

    /// Whether anybody is inside.
    var isInUse: Bool { state.withLock { $0.inUse > 0 } }

    /// Comes in, and before that waits while the gate is held; false when it is closed, and then there is nothing to leave.
    func acquireWhenResumed() async -> Bool {
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

    /// Stops further passing until it is opened, and returns when those inside have left, or the time is over. To be
    /// called by one at a time.
    func suspend(atMost time: Duration) async {
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

    /// Ends a hold, and lets those in who wait for that.
    func resume() {
        let (waiting, isClosed) = state.withLock { state in
            state.isSuspended = false
            defer { state.waiting = [] }
            if !state.isClosed { state.inUse += state.waiting.count }
            return (state.waiting, state.isClosed)
        }
        for continuation in waiting { continuation.resume(returning: !isClosed) }
    }

    private func takeSuspender() -> CheckedContinuation<Void, Never>? { state.withLock { $0.suspender.take() } }

    /// Comes in, whether or not the gate is held; false when it is closed, and then there is nothing to leave.
    func acquire() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.inUse += 1
            return true
        }
    }

    /// Goes out again.
    func release() {
        let (closer, suspender) = state.withLock { state in
            state.inUse -= 1
            return state.inUse == 0 ? (state.closer.take(), state.suspender.take()) : (nil, nil)
        }
        closer?.resume()
        suspender?.resume()
    }

    /// Lets nobody in any more, and returns when everybody has left. To be called once.
    func close() async {
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

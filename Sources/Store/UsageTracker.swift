import Synchronization

/// Lets calls through until it is closed, and tells when the last one has left: what they use must not be closed under them.
///
/// It can be held for a while, so that what must happen between reads gets its turn.
final class UsageTracker: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
        var emptied: CheckedContinuation<Void, Never>?
        var isHeld = false
        /// Who waits for those inside to leave while it is held.
        var holder: CheckedContinuation<Void, Never>?
        /// Those who wait for the hold to end.
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Mutex(State())

    /// Whether anybody is inside.
    var isOccupied: Bool { state.withLock { $0.inside > 0 } }

    /// Comes in, and before that waits while the gate is held; false when it is closed, and then there is nothing to leave.
    func pass() async -> Bool {
        await withCheckedContinuation { continuation in
            let isIn: Bool? = state.withLock { state in
                guard !state.isClosed else { return false }
                guard !state.isHeld else {
                    state.waiting.append(continuation)
                    return nil
                }
                state.inside += 1
                return true
            }
            if let isIn { continuation.resume(returning: isIn) }
        }
    }

    /// Stops further passing until it is opened, and returns when those inside have left, or the time is over. To be
    /// called by one at a time.
    func hold(atMost time: Duration) async {
        state.withLock { $0.isHeld = true }
        let timer = Task {
            guard (try? await Task.sleep(for: time)) != nil else { return }
            takeHolder()?.resume()
        }
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.inside > 0 { state.holder = continuation }
                return state.inside == 0
            }
            if isEmpty { continuation.resume() }
        }
        timer.cancel()
    }

    /// Ends a hold, and lets those in who wait for that.
    func open() {
        let (waiting, isClosed) = state.withLock { state in
            state.isHeld = false
            defer { state.waiting = [] }
            if !state.isClosed { state.inside += state.waiting.count }
            return (state.waiting, state.isClosed)
        }
        for continuation in waiting { continuation.resume(returning: !isClosed) }
    }

    private func takeHolder() -> CheckedContinuation<Void, Never>? { state.withLock { $0.holder.take() } }

    /// Comes in, whether or not the gate is held; false when it is closed, and then there is nothing to leave.
    func enter() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.inside += 1
            return true
        }
    }

    /// Goes out again.
    func leave() {
        let (emptied, holder) = state.withLock { state in
            state.inside -= 1
            return state.inside == 0 ? (state.emptied.take(), state.holder.take()) : (nil, nil)
        }
        emptied?.resume()
        holder?.resume()
    }

    /// Lets nobody in any more, and returns when everybody has left. To be called once.
    func close() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                state.isClosed = true
                if state.inside > 0 { state.emptied = continuation }
                return state.inside == 0
            }
            if isEmpty { continuation.resume() }
        }
    }
}

import Synchronization

/// Tells waiting workers that the queue changed in a way that may give them work.
///
/// It counts the changes, and a worker says up to which one it has looked: a change between looking and waiting is
/// never missed, whatever the number of workers.
final class WorkSignal: Sendable {
    private struct State {
        var count: UInt64 = 0
        var isClosed = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [:] }
            return Array(waiters.values)
        }
    }

    private let state = Mutex(State())

    /// The present point in history.
    var mark: WorkMark {
        WorkMark(count: state.withLock(\.count))
    }

    /// How many wait now.
    var waiterCount: Int {
        state.withLock(\.waiters.count)
    }

    /// Wakes everybody who waits.
    func notify() {
        let waiters = state.withLock { state in
            state.count &+= 1
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Wakes everybody who waits, and lets nobody wait from now on.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once there was a change after the mark, the signal is closed, or the task is cancelled.
    func wait(after mark: WorkMark) async {
        let waiter = state.withLock { state in
            defer { state.nextWaiter &+= 1 }
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // A task is marked as cancelled before its handler runs. So either it is seen here, or the handler
                    // comes after this and finds the waiter.
                    if state.count != mark.count || state.isClosed || Task.isCancelled { return true }
                    state.waiters[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
        }
    }
}

import Synchronization

/// Tells waiting workers that the queue changed in a way that may give them work.
///
/// It counts the changes, and a worker says up to which one it has looked: a change between looking and waiting is
/// never missed, whatever the number of workers. What only concerns origins that a worker passes over does not wake it:
/// a flood of deliveries that wait for Security Hub would have it look after each of them, for nothing.
final class WorkSignal: Sendable {
    private struct Waiter {
        let excluded: Set<String>
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var count: UInt64 = 0
        /// The last change that may concern any origin, and the last one of each that concerned just some.
        var last: UInt64 = 0
        var lastByAccountRegion: [String: UInt64] = [:]
        var isClosed = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]

        /// Whether there was a change after the mark that concerns whoever has it.
        func hasChanged(after mark: WorkMark) -> Bool {
            guard count != mark.count else { return false }
            return last > mark.count
                || lastByAccountRegion.contains { $0.value > mark.count && !mark.excluded.contains($0.key) }
        }

        mutating func takeWaiters(for accountRegions: Set<String>? = nil) -> [CheckedContinuation<Void, Never>] {
            guard !waiters.isEmpty else { return [] }
            let woken = waiters.filter { waiter in
                accountRegions.map { !waiter.value.excluded.isSuperset(of: $0) } ?? true
            }
            for key in woken.keys { waiters[key] = nil }
            return woken.values.map(\.continuation)
        }
    }

    private let state = Mutex(State())

    /// The present point in history.
    var mark: WorkMark { mark(excluding: []) }

    /// The present point in history, for somebody who passes over some origins.
    func mark(excluding accountRegions: Set<String>) -> WorkMark {
        WorkMark(count: state.withLock(\.count), excluding: accountRegions)
    }

    /// How many wait now.
    var waiterCount: Int {
        state.withLock(\.waiters.count)
    }

    /// Wakes everybody who waits and does not pass over all of these origins.
    ///
    /// - Parameter accountRegions: what the change concerns, in the form of the tables; nil for any.
    func notify(of accountRegions: Set<String>? = nil) {
        let waiters = state.withLock { state in
            state.count &+= 1
            if let accountRegions {
                for accountRegion in accountRegions { state.lastByAccountRegion[accountRegion] = state.count }
            } else {
                state.last = state.count
            }
            return state.takeWaiters(for: accountRegions)
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
                    if state.hasChanged(after: mark) || state.isClosed || Task.isCancelled { return true }
                    state.waiters[waiter] = Waiter(excluded: mark.excluded, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.continuation.resume()
        }
    }
}

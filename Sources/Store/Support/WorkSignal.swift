import Synchronization

/// Wakes workers when a change of the queue may give them work.
///
/// It counts the changes, and a worker waits for changes after the one that it last saw, so none is missed. A change
/// that concerns only lanes that a worker skips does not wake it: many incoming deliveries of a suspended
/// lane would otherwise wake it each time for nothing.
package final class WorkSignal: Sendable {
    private struct Waiter {
        let excluded: Set<String>
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var count: UInt64 = 0
        /// The last change that concerns any lane, and the last one of each single lane.
        var last: UInt64 = 0
        var lastByLane: [String: UInt64] = [:]
        var isClosed = false
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]

        /// Whether a change after the mark concerns its owner.
        func hasChanged(after mark: WorkMark) -> Bool {
            guard count != mark.count else { return false }
            return last > mark.count
                || lastByLane.contains { $0.value > mark.count && !mark.excluded.contains($0.key) }
        }

        mutating func takeWaiters(for lanes: Set<String>? = nil) -> [CheckedContinuation<Void, Never>] {
            guard !waiters.isEmpty else { return [] }
            let woken = waiters.filter { waiter in
                lanes.map { !waiter.value.excluded.isSuperset(of: $0) } ?? true
            }
            for key in woken.keys { waiters[key] = nil }
            return woken.values.map(\.continuation)
        }
    }

    private let state = Mutex(State())

    /// Creates a signal without changes.
    package init() {}

    /// The current position.
    package var mark: WorkMark { mark(excluding: []) }

    /// The current position, for a reader that skips some lanes.
    package func mark(excluding lanes: Set<String>) -> WorkMark {
        WorkMark(count: state.withLock(\.count), excluding: lanes)
    }

    /// The number of waiting tasks.
    package var waiterCount: Int {
        state.withLock(\.waiters.count)
    }

    /// Wakes the waiting tasks, except those that skip all of these lanes.
    ///
    /// - Parameter lanes: the affected lanes, as the tables name them; nil for any.
    package func notify(of lanes: Set<String>? = nil) {
        let waiters = state.withLock { state in
            state.count &+= 1
            if let lanes {
                for lane in lanes { state.lastByLane[lane] = state.count }
            } else {
                state.last = state.count
            }
            return state.takeWaiters(for: lanes)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Wakes all waiting tasks. Later calls do not wait.
    package func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for a change after the mark. Returns also when the signal is closed or the task is canceled.
    package func wait(after mark: WorkMark) async {
        let waiter = state.withLock { state in
            defer { state.nextWaiter &+= 1 }
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // A task is marked as canceled before its handler runs. So either it is seen here, or the handler
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

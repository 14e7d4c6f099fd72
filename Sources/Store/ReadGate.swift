import Synchronization

/// Lets calls through until it is closed, and tells when the last one has left: what they use must not be closed under them.
final class ReadGate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
        var emptied: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Whether anybody is inside.
    var isOccupied: Bool { state.withLock { $0.inside > 0 } }

    /// Comes in; false when the gate is closed, and then there is nothing to leave.
    func enter() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.inside += 1
            return true
        }
    }

    /// Goes out again.
    func leave() {
        let emptied = state.withLock { state in
            state.inside -= 1
            guard state.inside == 0 else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.emptied = nil }
            return state.emptied
        }
        emptied?.resume()
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

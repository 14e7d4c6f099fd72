import Synchronization

/// Whether a connection's client has disconnected. Can be read from any thread.
final class ClientPresence: Sendable {
    private let left = Atomic(false)

    var hasLeft: Bool { left.load(ordering: .relaxed) }

    func leave() { left.store(true, ordering: .relaxed) }
}

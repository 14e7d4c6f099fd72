import ErrorCodes
import HTTPTypes
import Synchronization

/// Whether a connection's client has disconnected. Can be read from any thread.
final class ClientPresence: Sendable {
    private let left = Atomic(false)

    var hasLeft: Bool { left.load(ordering: .relaxed) }

    func leave() { left.store(true, ordering: .relaxed) }
}

extension ServerResponse {
    /// The response to a request whose client disconnected before it was handled.
    public static let abandoned = ServerResponse.rejection(
        .serviceUnavailable, code: .clientLeft,
        message: "Client disconnected: the connection was closed before the request was handled. Retry.")
}

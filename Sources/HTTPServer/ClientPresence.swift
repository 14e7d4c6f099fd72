import ErrorCodes
import HTTPTypes
import Synchronization

/// Whether a connection's client still sends. Handlers may ask from any thread.
final class ClientPresence: Sendable {
    private let left = Atomic(false)

    var hasLeft: Bool { left.load(ordering: .relaxed) }

    func leave() { left.store(true, ordering: .relaxed) }
}

extension ServerResponse {
    /// The response to a request whose client has left before any work was done for it.
    public static let abandoned = ServerResponse.rejection(
        .serviceUnavailable, code: .clientLeft, message: "The client closed the connection. Send the request again.")
}

public import EventLoop

/// What the server met that no handler hears of.
public enum HTTPServerEvent: Sendable {
    /// A request that cannot be read was answered with an error.
    case refused(HTTPFault, peer: SocketAddress?)
    /// A TLS handshake or record was refused.
    case tlsFailed(reason: String, peer: SocketAddress?)
    /// A client took longer than the time limits allow, in the middle of something.
    case timedOut(peer: SocketAddress?)
}

public import EventLoop

/// An event that a server reports to its owner.
public enum HTTPServerEvent: Sendable {
    /// A request was handled: its response is being sent, or is dropped because the connection is closed. Reported exactly
    /// once for each request that a handler receives, after the handler has returned.
    case completed(AccessLogEntry)
    /// A request was rejected before a handler saw it.
    case rejected(HTTPRequestError, id: String, peer: SocketAddress?)
    /// A TLS handshake or record failed.
    case tlsFailed(reason: String, peer: SocketAddress?)
    /// A connection has no valid PROXY header, or is not from a trusted proxy.
    case proxyHeaderRejected(reason: String, peer: SocketAddress?)
    /// A client exceeded a time limit during a handshake, a request or a response.
    case timedOut(HTTPTimeouts.Limit, peer: SocketAddress?)
    /// In the last second, connections were closed because of ``ConnectionLimits``: idle ones were evicted, new ones rejected.
    case connectionLimitReached(idleClosed: Int, rejected: Int)
}
